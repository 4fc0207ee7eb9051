using System.Globalization;

namespace VmExecutor.EndToEnd.Tests.Images;

/// <summary>An image's file as an administrator would write it.</summary>
internal sealed record ImageYaml
{
    public string Name { get; init; } = "small";

    /// <summary>Null: the test guest's disk with direct kernel boot.</summary>
    public string? Domain { get; init; }

    public bool? AllowShutdown { get; init; }

    public string? File { get; init; }

    /// <summary>In place of the test guest's own.</summary>
    public string? Initrd { get; init; }

    /// <summary>In place of the test guest's own kernel command line.</summary>
    public string? Cmdline { get; init; }

    public string Shell { get; init; } = "bash";

    public string User { get; init; } = "ci";

    /// <summary>The login method; only <c>baked</c> takes a key file.</summary>
    public string Login { get; init; } = "baked";

    public string? KeyFile { get; init; }

    public string? HostKey { get; init; }

    public string Accelerator { get; init; } = "tcg";

    public string Memory { get; init; } = "256MiB";

    public string? StopMode { get; init; }

    /// <summary>A libvirt network; null: QEMU's user-mode network.</summary>
    public string? Network { get; init; }

    /// <summary>The most that the job's overlays may take on the host's disk; null: no limit.</summary>
    public string? MaxOverlay { get; init; }

    public int BootSeconds { get; init; } = 180;

    /// <summary>The seconds in which a guest that answers may refuse the login.</summary>
    public int SshSeconds { get; init; } = 60;

    /// <summary>True: its clones wake up from a template.</summary>
    public bool IsWarm { get; init; }

    /// <summary>The time limit for a clone to wake up; null: the driver's default.</summary>
    public string? WarmLimit { get; init; }

    /// <summary>True when a template of another one fits it: their machines and their disks are the same.</summary>
    public bool IsLike(ImageYaml other) =>
        (Name, Domain, File, Initrd, Cmdline, Memory, Login, KeyFile, HostKey, Network) == (other.Name, other.Domain, other.File, other.Initrd, other.Cmdline, other.Memory, other.Login, other.KeyFile, other.HostKey, other.Network);

    /// <summary>Any further lines.</summary>
    public IReadOnlyList<string> Further { get; init; } = [];

    /// <summary>The port of the guest's ssh server; null: the driver's default.</summary>
    public int? Port { get; init; }

    public string Write(TestGuest guest)
    {
        List<string> lines = [$"name: {Name}"];
        if (Domain is null)
        {
            lines.AddRange([
                "source: file", $"file: {File ?? guest.Disk}", $"kernel: {guest.Kernel}", $"initrd: {Initrd ?? guest.Initrd}",
                $"cmdline: \"{Cmdline ?? guest.Cmdline}\"", "cpus: 1", $"memory: {Memory}"]);
        }
        else
        {
            lines.AddRange(["source: domain", $"domain: {Domain}"]);
            if (AllowShutdown is { } allowed)
            {
                lines.Add($"allow_shutdown: {(allowed ? "true" : "false")}");
            }
        }

        lines.AddRange([
            $"shell: {Shell}", $"accelerator: {Accelerator}",
            "ssh:", $"  user: {User}", $"  login: {Login}", .. Login == "baked" ? [$"  key: '{KeyFile ?? guest.Key}'"] : (string[])[],
            $"  host_key: \"{HostKey ?? guest.HostKey}\"", .. Port is null ? (string[])[] : [string.Create(CultureInfo.InvariantCulture, $"  port: {Port}")],
            "network:", Network is null ? "  mode: user" : $"  mode: libvirt\n  name: {Network}",
            "timeouts:", string.Create(CultureInfo.InvariantCulture, $"  boot: {BootSeconds}s"), string.Create(CultureInfo.InvariantCulture, $"  ssh: {SshSeconds}s"), "  source_shutdown: 120s"]);
        if (WarmLimit is not null)
        {
            lines.Add($"  warm: {WarmLimit}");
        }

        if (IsWarm)
        {
            lines.AddRange(["warm:", "  enabled: true"]);
        }

        if (MaxOverlay is not null)
        {
            lines.AddRange(["disks:", $"  max_overlay: {MaxOverlay}"]);
        }

        if (StopMode is not null)
        {
            lines.AddRange(["stop:", $"  mode: {StopMode}"]);
            if (StopMode == "shutdown")
            {
                lines.Add("  grace: 60s");
            }
        }

        return string.Join('\n', lines.Concat(Further)) + "\n";
    }
}
