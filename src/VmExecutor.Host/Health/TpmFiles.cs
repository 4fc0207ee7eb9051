using System.Globalization;
using VmExecutor.Core.Health;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using VmExecutor.Host.Processes;

namespace VmExecutor.Host.Health;

/// <summary>The parts of a host that libvirt's emulated TPMs need: swtpm's programs, and its certificate authority.</summary>
/// <param name="tools">Looks users up, and looks with another user's eyes.</param>
/// <param name="etc">The directory of the machine's configuration: <c>/etc</c>.</param>
/// <param name="search">Where libvirtd finds programs.</param>
public sealed class TpmFiles(IToolRunner tools, AbsolutePath etc, ToolEnvironment search)
{
    private static readonly string[] Programs = ["swtpm", "swtpm_setup"];
    private static readonly AbsolutePath UsualDirectory = new("/var/lib/swtpm-localca");

    /// <summary>Those of the machine. libvirtd is started with systemd's PATH, not with that of who looks.</summary>
    public static TpmFiles OfHost(IToolRunner tools) => new(tools, new AbsolutePath("/etc"), new ToolEnvironment(new Dictionary<string, string>()));

    public IReadOnlyList<string> MissingPrograms() => search.Missing(Programs);

    /// <summary>swtpm_localca wants to write its directory, its lock and its serial number, and to read keys and certificates (swtpm-localca(8)).</summary>
    public async Task<TpmAuthority> LookAsync(CancellationToken cancellationToken)
    {
        var settings = Values("swtpm-localca.conf");
        var directory = AbsolutePath.TryParse(settings.GetValueOrDefault("statedir"), out var said) ? said : UsualDirectory;
        var user = await UserAsync(cancellationToken).ConfigureAwait(false);
        var authority = new TpmAuthority(user.Name, directory);
        if (FileStat.TryRead(directory) is null)
        {
            return FileStat.IsMissing(directory) ? authority with { Refused = directory } : authority with { IsVisible = false };
        }

        if (await RefusalAsync(directory, "rwx", user, cancellationToken).ConfigureAwait(false) is { } refused)
        {
            return authority with { Refused = directory, RefusedMode = refused };
        }

        if (TryList(directory) is not { } names)
        {
            return authority with { IsVisible = false };
        }

        foreach (var file in names.Select(entry => entry.Path).OfType<AbsolutePath>())
        {
            var isWritten = file.Name == ".lock.swtpm-localca" || file.Value == settings.GetValueOrDefault("certserial") || file.Name == "certserial";
            if (await RefusalAsync(file, isWritten ? "rw" : "r", user, cancellationToken).ConfigureAwait(false) is { } mode)
            {
                return authority with { Refused = file, RefusedMode = mode };
            }
        }

        return authority;
    }

    /// <summary>qemu.conf's <c>swtpm_user</c>; else tss where that user exists, else root (libvirt's qemu_conf.c).</summary>
    private async Task<HostUser> UserAsync(CancellationToken cancellationToken)
    {
        var accounts = new Accounts(tools);
        var said = Values("libvirt/qemu.conf").GetValueOrDefault("swtpm_user")?.TrimStart('+') ?? "tss";
        return await accounts.FindAsync(said, cancellationToken).ConfigureAwait(false) ?? new HostUser("root", 0, 0);
    }

    /// <summary>Owner and mode, in words, of a path that a user may not use; null: the user may, or the path cannot be looked at.</summary>
    /// <param name="path">A file or directory.</param>
    /// <param name="rights">Some of <c>r</c>, <c>w</c> and <c>x</c>.</param>
    /// <param name="user">Whose rights are asked for.</param>
    /// <param name="cancellationToken">Ends the look.</param>
    private async Task<string?> RefusalAsync(AbsolutePath path, string rights, HostUser user, CancellationToken cancellationToken)
    {
        if (FileStat.TryRead(path) is not { } stat || user.Id == 0)
        {
            return null;
        }

        // The three bits of the user, its group or others, as one digit: r 4, w 2, x 1.
        var shift = stat.Owner == user.Id ? 6 : stat.Group == user.Group ? 3 : 0;
        var wanted = rights.Sum(right => right switch { 'r' => 4, 'w' => 2, _ => 1 });
        if ((((int)stat.Mode >> shift) & wanted) == wanted)
        {
            return null;
        }

        foreach (var right in rights)
        {
            if (!await QemuReading.MayAsync(tools, $"-{right}", path, user.Id, user.Group, cancellationToken).ConfigureAwait(false))
            {
                return string.Create(CultureInfo.InvariantCulture, $"owner {stat.Owner}, mode {Convert.ToString((int)stat.Mode, 8)}");
            }
        }

        return null;
    }

    /// <summary>The keys of a file of lines <c>key = value</c>, the first of each; a file that is not there, or cannot be read, says nothing.</summary>
    private IReadOnlyDictionary<string, string> Values(string name) => (HostFile.TryReadAllText(etc.Resolve(name).Value) ?? "").Split('\n')
        .Select(line => line.Trim()).Where(line => !line.StartsWith('#'))
        .Select(line => line.Split('=', 2, StringSplitOptions.TrimEntries)).Where(pair => pair.Length == 2)
        .GroupBy(pair => pair[0], pair => pair[1].Trim('"', '\''), StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.First(), StringComparer.Ordinal);

    private static IReadOnlyList<HostEntry>? TryList(AbsolutePath directory)
    {
        try
        {
            return HostDirectory.List(directory);
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            return null;
        }
    }
}
