using System.Text.Json;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Disks;

/// <summary>Reads <c>qemu-img info --output=json --backing-chain</c>.</summary>
internal static class QemuImgInfo
{
    /// <exception cref="Core.Failures.SystemFailureException">The disk cannot be a base.</exception>
    public static BackingChain Parse(string json, AbsolutePath asked)
    {
        try
        {
            return Read(json, asked);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException or ArgumentException or IndexOutOfRangeException)
        {
            throw BaseDiskException.Unusable(asked, "the JSON that qemu-img printed about it is not understood", $"See 'qemu-img info --output=json --backing-chain {asked}'.", e);
        }
    }

    private static BackingChain Read(string json, AbsolutePath asked)
    {
        var chain = ForeignJson.Parse(json);
        var files = new List<BackingFile>();
        foreach (var entry in chain.EnumerateArray())
        {
            files.Add(ReadFile(entry, asked));
        }

        return new BackingChain(files, new ByteSize(chain[0].GetProperty("virtual-size").GetInt64()));
    }

    private static BackingFile ReadFile(JsonElement entry, AbsolutePath asked)
    {
        var name = entry.GetProperty("filename").GetString();
        var format = entry.GetProperty("format").GetString() ?? throw new FormatException("a disk without a format");
        if (entry.TryGetProperty("encrypted", out var encrypted) && encrypted.ValueKind == JsonValueKind.True)
        {
            throw BaseDiskException.Unusable(asked, $"'{name}' is encrypted", "Use an unencrypted base disk.");
        }

        if (IsFlaggedCorrupt(entry))
        {
            throw BaseDiskException.Unusable(asked, $"'{name}' is marked corrupt", $"Repair it: qemu-img check -r all {name}");
        }

        if (HasExternalData(entry))
        {
            throw BaseDiskException.Unusable(
                asked, $"the content of '{name}' lies in a file of its own (data_file), whose changes the driver would not notice", "Copy it into one file: qemu-img convert -O qcow2.");
        }

        // Relative backing names are resolved by qemu-img against the overlay's directory, not always to an absolute path.
        if (!AbsolutePath.TryParse(name, out var path))
        {
            if (name is null || name.Contains(':', StringComparison.Ordinal) || !asked.Parent().TryResolve(name, out path))
            {
                throw BaseDiskException.Unusable(asked, $"it stands on '{name}', which is not a file", "Convert it into a plain file: qemu-img convert.");
            }
        }

        return XmlText.CanCarry(path.Value)
            ? new BackingFile(path, format, IsBlockDevice(path))
            : throw BaseDiskException.Unusable(asked, $"it stands on '{name}', whose name libvirt cannot be told", "Rename that file and rebase the disk: qemu-img rebase -u.");
    }

    private static bool HasExternalData(JsonElement entry) =>
        entry.TryGetProperty("format-specific", out var specific)
        && specific.TryGetProperty("data", out var data)
        && data.TryGetProperty("data-file", out _);

    private static bool IsFlaggedCorrupt(JsonElement entry) =>
        entry.TryGetProperty("format-specific", out var specific)
        && specific.TryGetProperty("data", out var data)
        && data.TryGetProperty("corrupt", out var corrupt)
        && corrupt.ValueKind == JsonValueKind.True;

    private static bool IsBlockDevice(AbsolutePath path) => FileStat.TryRead(path) is { IsBlockDevice: true };
}
