using System.Text.RegularExpressions;

namespace VmExecutor.Core.Diagnosis;

/// <summary>Known signs of trouble in the last lines of a guest's console.</summary>
internal static partial class ConsoleSigns
{
    private static readonly (Regex Sign, string Meaning)[] Known =
    [
        (NoRoot(), "the guest's kernel did not find its root file system: 'root=' names a disk that this machine does not have, or the initrd lacks the driver of its disk (virtio_blk)."),
        (GuestMemory(), "the guest has too little memory: raise 'memory' of the image."),
        (Panic(), "the guest's kernel panicked; its words are in the console's lines above."),
        (GuestDisk(), "the guest's own disk is full: give the image a larger one, or make room in it."),
        (Emergency(), "the guest has stopped in its emergency shell: a file system of its /etc/fstab is missing or damaged; name disks there by UUID or label, or with nofail."),
        (NoBoot(), "the firmware found nothing to boot: the disk has no boot loader for this firmware (BIOS or UEFI), or is not the whole disk."),
    ];

    public static string? Find(IReadOnlyList<string> console) =>
        Known.Where(known => console.Any(line => known.Sign.IsMatch(line))).Select(known => known.Meaning).FirstOrDefault();

    public static bool ShowsLogin(IReadOnlyList<string> console) => console.Any(line => Login().IsMatch(line));

    public static bool HasBooted(IReadOnlyList<string> console) => ShowsLogin(console) || ShowsServer(console);

    public static bool ShowsServer(IReadOnlyList<string> console) => console.Any(line => Server().IsMatch(line));

    [GeneratedRegex(@"Unable to mount root fs|Cannot open root device|Gave up waiting for root|ALERT! .* does not exist|Waiting for root device|dracut.*(Could not boot|Warning: /dev/\S+ does not exist)|No init found|Run /init as init process failed", RegexOptions.CultureInvariant)]
    private static partial Regex NoRoot();

    [GeneratedRegex(@"Out of memory: Killed process|System is deadlocked on memory|Out of memory and no killable processes", RegexOptions.CultureInvariant)]
    private static partial Regex GuestMemory();

    [GeneratedRegex(@"Kernel panic - ", RegexOptions.CultureInvariant)]
    private static partial Regex Panic();

    [GeneratedRegex(@"No space left on device", RegexOptions.CultureInvariant)]
    private static partial Regex GuestDisk();

    [GeneratedRegex(@"You are in emergency mode|Give root password for maintenance|Cannot open access to console, the root account is locked|Entering emergency mode", RegexOptions.CultureInvariant)]
    private static partial Regex Emergency();

    [GeneratedRegex(@"No bootable device|grub rescue>|BdsDxe: (No bootable option|failed to (load|start))|Boot failed: not a bootable disk|Operating system not found|error: unknown filesystem", RegexOptions.CultureInvariant)]
    private static partial Regex NoBoot();

    [GeneratedRegex(@"(^|\s)login:\s*$", RegexOptions.CultureInvariant)]
    private static partial Regex Login();

    [GeneratedRegex(@"Started .*(OpenBSD Secure Shell|OpenSSH|sshd?\.service)|sshd.* (started|Server listening)", RegexOptions.CultureInvariant)]
    private static partial Regex Server();
}
