namespace VmExecutor.EndToEnd.Tests.Instruments;

/// <summary>A file that a VM's QEMU has open, as the kernel tells it (<c>/proc/PID/fd</c>, <c>/proc/PID/fdinfo</c>).</summary>
/// <param name="Name">Without its directory.</param>
/// <param name="IsWritable">Opened for writing.</param>
internal sealed record OpenFile(string Name, bool IsWritable)
{
    private const int AccessMode = 3; // O_ACCMODE

    /// <param name="domain">A running clone.</param>
    public static async Task<IReadOnlyList<OpenFile>> OfAsync(string domain)
    {
        var process = (await HostCommand.LinesAsync("ps", "-ww", "-eo", "pid=,args="))
            .Single(line => line.Contains($"guest={domain},", StringComparison.Ordinal)).Split(' ', 2)[0];
        var files = new List<OpenFile>();
        foreach (var descriptor in Directory.GetFiles($"/proc/{process}/fd"))
        {
            if (new FileInfo(descriptor).LinkTarget is { } target)
            {
                var flags = (await File.ReadAllLinesAsync($"/proc/{process}/fdinfo/{Path.GetFileName(descriptor)}")).Single(line => line.StartsWith("flags:", StringComparison.Ordinal));
                files.Add(new OpenFile(Path.GetFileName(target), (Convert.ToInt32(flags["flags:".Length..].Trim(), 8) & AccessMode) != 0));
            }
        }

        return files;
    }
}
