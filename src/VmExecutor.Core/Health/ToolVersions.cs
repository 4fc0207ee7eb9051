using System.Globalization;
using System.Text.RegularExpressions;
using VmExecutor.Core.Clones;

namespace VmExecutor.Core.Health;

/// <summary>Versions of what the driver works with, and which are old enough to say so.</summary>
public static partial class ToolVersions
{
    /// <summary>
    /// Lists of algorithms that begin with <c>^</c> came with 8.1 (https://www.openssh.com/txt/release-8.1); the driver's ssh gets some, and an
    /// older one refuses its whole command line.
    /// </summary>
    private static readonly Version OldestSsh = new(8, 1);

    /// <summary>Debian 12's, with which the driver is tested; older ones were never tried.</summary>
    private static readonly Version OldestLibvirt = new(9, 0);
    private static readonly Version OldestQemu = new(7, 2);

    /// <param name="words">What <c>ssh -V</c> says: <c>OpenSSH_9.2p1 Debian-2+deb12u10, OpenSSL …</c>.</param>
    public static Finding DecideSsh(string words)
    {
        var first = words.Split('\n')[0].Trim();
        return OpenSsh().Match(first) is not { Success: true } match ? Checks.Ssh.Warning($"the ssh client is no OpenSSH ('{first}'); its options are not known", "apt-get install openssh-client")
            : Parse(match.Groups["version"].Value) is { } version && version < OldestSsh
                ? Checks.Ssh.Problem($"OpenSSH {version} does not understand the options it is given; {OldestSsh} is the oldest that does", "apt-get install openssh-client")
                : Checks.Ssh.Ok($"OpenSSH {match.Groups["version"].Value}");
    }

    public static Finding DecideLibvirt(string uri, string version) => Decide(Checks.Libvirt, $"libvirt {version} answers at {uri}", version, OldestLibvirt);

    /// <param name="version">As libvirt tells it.</param>
    /// <param name="emulator">The program; null: libvirt names none for this host's processor.</param>
    /// <param name="isThere">Whether that program is there.</param>
    /// <param name="architecture">QEMU's name of the host's processor.</param>
    public static Finding DecideQemu(string version, string? emulator, bool isThere, string architecture) => emulator switch
    {
        _ when !GuestArchitecture.IsKnown(architecture) => Checks.Qemu.Problem(
            $"this host's architecture is {architecture}, which vm-executor does not support", "Use a host with x86_64 or aarch64 (arm64)."),
        null => Checks.Qemu.Problem($"libvirt knows no QEMU for {architecture}", $"{Install(architecture)} && systemctl restart libvirtd"),
        _ when !isThere => Checks.Qemu.Problem($"{emulator}, which libvirt would start, does not exist", $"{Install(architecture)} && systemctl restart libvirtd"),
        _ => Decide(Checks.Qemu, $"QEMU {version} ({emulator})", version, OldestQemu),
    };

    /// <param name="words">What <c>qemu-img --version</c> says.</param>
    public static Finding DecideQemuImg(string words) => QemuImg().Match(words) is { Success: true } match
        ? Decide(Checks.QemuImg, $"qemu-img {match.Groups["version"].Value}", match.Groups["version"].Value, OldestQemu)
        : Checks.QemuImg.Warning($"qemu-img does not tell its version: '{words.Split('\n')[0].Trim()}'", "apt-get install --reinstall qemu-utils");

    private static Finding Decide(Check check, string found, string version, Version oldest) => Parse(version) is { } parsed && parsed < oldest
        ? check.Warning($"{found}; older than {oldest}, the oldest that this driver was tried with", "apt-get install libvirt-daemon-system qemu-system-x86 qemu-utils   # of a newer release")
        : check.Ok(found);

    private static Version? Parse(string version) =>
        version.Split('.') is [var major, var minor, ..]
        && int.TryParse(major, NumberStyles.None, CultureInfo.InvariantCulture, out var first)
        && int.TryParse(minor, NumberStyles.None, CultureInfo.InvariantCulture, out var second)
            ? new Version(first, second)
            : null;

    private static string Install(string architecture) => architecture == "aarch64" ? "apt-get install qemu-system-arm" : "apt-get install qemu-system-x86";

    [GeneratedRegex(@"OpenSSH_(?:for_\w+_)?(?<version>\d+\.\d+)")]
    private static partial Regex OpenSsh();

    [GeneratedRegex(@"version (?<version>\d+\.\d+(?:\.\d+)?)")]
    private static partial Regex QemuImg();
}
