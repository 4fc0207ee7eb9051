using System.Globalization;
using VmExecutor.EndToEnd.Tests.Instruments;

namespace VmExecutor.EndToEnd.Tests.Images;

/// <summary>Changes one percent of what the test guest's disk holds. Its file system fills the whole disk.</summary>
internal static class DiskChange
{
    private const int Percent = 1;

    /// <summary>A new file with as many bytes.</summary>
    public static Task InsertAsync(string source, string target) => ChangeAsync(
        source, target, """head -c "$bytes" /dev/urandom > root/inserted""");

    /// <summary>Programs and libraries of so many bytes are written anew under their names, as dpkg does it: each gets other blocks, all over the disk.</summary>
    public static Task ScatterAsync(string source, string target) => ChangeAsync(
        source,
        target,
        """
        mapfile -t files < <(find usr -xdev -type f -size +0 -size -512k | LC_ALL=C sort -R --random-source=<(printf '%064d' 0))
        for file in "${files[@]}"; do
            [[ $bytes -gt 0 ]] || break
            cp -p "$file" "$file.dpkg-new"
            echo >> "$file.dpkg-new"
            mv "$file.dpkg-new" "$file"
            bytes=$((bytes - $(stat -c %s "$file")))
        done
        """);

    private static async Task ChangeAsync(string source, string target, string change)
    {
        const string script = """
            set -euo pipefail
            raw=$2.raw root=$2.root
            qemu-img convert -O raw "$1" "$raw"
            mkdir "$root"
            mount -o loop "$raw" "$root"
            trap 'umount "$root"; rmdir "$root"' EXIT
            bytes=$(($(du --block-size=1 "$raw" | cut -f 1) * $3 / 100))
            (cd "$root"; eval "$4")
            sync -f "$root"
            trap - EXIT
            umount "$root"
            rmdir "$root"
            qemu-img convert -f raw -O qcow2 "$raw" "$2"
            rm "$raw"
            """;
        await HostCommand.OutputAsync("bash", "-c", script, "bash", source, target, Percent.ToString(CultureInfo.InvariantCulture), change);
    }
}
