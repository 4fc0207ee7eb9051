using System.Globalization;
using System.Text.Json;
using VmExecutor.Core.Clones;

namespace VmExecutor.Core.ProjectDisks;

/// <summary>
/// Commands for the machine monitor of a running VM's QEMU that plug in a project's disk. QEMU is handed the files open (add-fd), and may open none of them by name: they
/// belong to the driver's user alone, whatever user QEMU runs as. So a VM that was taken over has no way to another job's or project's files. libvirt 9.0 cannot say that of a disk,
/// and it is the same for VMs that boot, wake up or wait.
/// </summary>
public static class DiskPlug
{
    /// <summary>By which the guest knows the disk (at most 20 bytes, virtio 1.2, 5.2.6.1).</summary>
    public const string Serial = "vmx-project";

    /// <summary>The number of the first set of files; libvirt counts its own from 0.</summary>
    private const int FirstSet = 471100;

    private const string Node = "vmx-project-node";

    /// <summary>Asks for the machine's PCI devices.</summary>
    public const string AskDevices = """{"execute":"query-pci"}""";

    /// <summary>Takes a file, which comes with the command.</summary>
    /// <param name="number">0: the overlay; then the files below it.</param>
    public static string TakeFile(int number) =>
        Command("add-fd", string.Create(CultureInfo.InvariantCulture, $"{{\"fdset-id\":{FirstSet + number},\"opaque\":\"vmx-project\"}}"));

    /// <summary>The commands behind <see cref="TakeFile"/>. What the files' heads say of files below them is not used.</summary>
    /// <param name="files">The number of files, the overlay included.</param>
    /// <param name="port">The port that is free; null: the machine's one bus, which takes disks itself.</param>
    public static IReadOnlyList<string> Commands(int files, string? port) =>
    [
        // A crash of the host costs the job its VM, and its changes never become a version then: so nothing needs to be on the disk before the job's end.
        Command("blockdev-add", Layer(0, files, $"\"node-name\":\"{Node}\",\"discard\":\"unmap\",\"cache\":{{\"direct\":false,\"no-flush\":true}},")),
        Command("device_add", $"{{\"driver\":\"virtio-blk-pci\",\"id\":\"vmx-project-disk\",\"drive\":\"{Node}\",\"serial\":\"{Serial}\"{(port is null ? "" : $",\"bus\":\"{port}\"")}}}"),
    ];

    /// <summary>The place for the disk in the answer to <see cref="AskDevices"/>; null: the machine has no port for it, and its one bus may take disks itself.</summary>
    public static string? FindPort(JsonElement answer) => CloneSparePort.IsIn(answer, CloneSparePort.DiskId) ? CloneSparePort.DiskId : null;

    private static string Layer(int number, int files, string options)
    {
        var below = number + 1 < files ? Layer(number + 1, files, "\"read-only\":true,") : "null";
        var discard = number == 0 ? ",\"discard\":\"unmap\"" : "";
        var file = string.Create(CultureInfo.InvariantCulture, $"{{\"driver\":\"file\",\"filename\":\"/dev/fdset/{FirstSet + number}\"{discard}}}");
        return $"{{{options}\"driver\":\"qcow2\",\"file\":{file},\"backing\":{below}}}";
    }

    /// <summary>No name in it needs escapes.</summary>
    private static string Command(string name, string arguments) => $"{{\"execute\":\"{name}\",\"arguments\":{arguments}}}";
}
