using VmExecutor.Core.Configuration;
using VmExecutor.Core.Egress;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Health;
using VmExecutor.Core.Users;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using VmExecutor.Host.Firewall;
using VmExecutor.Host.Locks;
using VmExecutor.Host.Processes;
using VmExecutor.Host.Users;

namespace VmExecutor.Host.Egress;

/// <summary>
/// Puts the egress policies of VMs into force: for each such VM a table of nftables and a name server (dnsmasq), by the user that it runs as. Nothing else watches over them:
/// each stage of the job looks whether they are there, and puts back what is not. They go with the VM; gc removes those whose VM is gone.
/// </summary>
/// <param name="uri">The libvirt that runs the VMs.</param>
/// <param name="users">The users that VMs run as.</param>
/// <param name="tools">Starts nft and dnsmasq.</param>
/// <param name="time">The clock.</param>
public sealed class EgressWall(string uri, VmUsers users, IToolRunner tools, TimeProvider time)
{
    /// <summary>The directory of all policies of this host; gone after a restart, as they are themselves.</summary>
    public static readonly AbsolutePath OfHost = new("/run/vm-executor/egress");

    /// <summary>The end of the names of files with a policy's rules.</summary>
    public const string RulesEnding = ".nft";

    private const string NoUser = "its VM has no user of its own";
    private const string NumberOfLeast = "65534";

    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>The bytes of a log that are read between two looks whether the time is over.</summary>
    private const int MostAtOnce = 1 << 20;

    private static readonly TimeSpan Takes = TimeSpan.FromSeconds(10);

    public AbsolutePath Directory { get; init; } = OfHost;

    /// <summary>The time for which an address may be reached after a name was resolved to it.</summary>
    public TimeSpan AddressLife { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>The content of the host's resolv.conf.</summary>
    public Func<string> ResolvConf { get; init; } = () => HostFile.TryReadAllText("/etc/resolv.conf") ?? "";

    /// <summary>Starts and ends name servers.</summary>
    public EgressServers Servers { get; init; } = new(tools, time);

    /// <summary>True when there is a policy of a VM of this user, or its removal was interrupted. Files tell it, since each start and each end of a VM asks.</summary>
    public bool Has(VmUser user) => Marks(user.Name).Any(mark => HostFile.Exists(mark.Value));

    /// <summary>Puts a policy into force, in place of any that the user had before.</summary>
    /// <param name="policy">The policy.</param>
    /// <param name="place">The VM's place; null: it runs as libvirt's one QEMU user.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="SystemFailureException"><see cref="ErrorCodes.EgressImpossible"/>: it cannot be kept here, so no script may run.</exception>
    public async Task PutUpAsync(EgressPolicy policy, EgressPlace? place, CancellationToken cancellationToken)
    {
        if (place is null || WhyNever() is not null)
        {
            throw Impossible(policy, WhyNever() ?? NoUser);
        }

        using var held = await LockAsync(place.User.Name, cancellationToken).ConfigureAwait(false);
        await KeepAsync(policy, async () =>
        {
            await RemoveAllAsync(place.User, cancellationToken).ConfigureAwait(false);
            await MakeAsync(policy, place, cancellationToken).ConfigureAwait(false);
        }).ConfigureAwait(false);
    }

    /// <summary>Puts back what is missing of a policy: a host's firewall that was loaded anew takes the rules away, and a name server may have been killed.</summary>
    /// <param name="policy">The policy.</param>
    /// <param name="place">The VM's place.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The missing parts, in words; empty: all is there.</returns>
    /// <exception cref="SystemFailureException">As with <see cref="PutUpAsync"/>.</exception>
    public async Task<IReadOnlyList<string>> EnsureAsync(EgressPolicy policy, EgressPlace? place, CancellationToken cancellationToken)
    {
        if (place is null)
        {
            throw Impossible(policy, WhyNever() ?? NoUser);
        }

        List<string> missing = [];
        await KeepAsync(policy, () => EnsureAsync(policy, place, missing, cancellationToken)).ConfigureAwait(false);
        return missing;
    }

    /// <summary>Reads the destinations that the VM wanted to reach since the last reading.</summary>
    /// <param name="policy">The policy.</param>
    /// <param name="user">The user that the VM runs as.</param>
    /// <param name="cancellationToken">Ends it: between two parts of the log it returns what it has, and the next reading goes on there.</param>
    public async Task<EgressNotes> ReadAsync(EgressPolicy policy, VmUser user, CancellationToken cancellationToken)
    {
        var listing = await ListAsync(new EgressPlace(user), cancellationToken).ConfigureAwait(false);
        var files = FilesOf(user.Name);
        var progress = EgressProgress.TryParse(HostFile.TryReadAllText(files.Progress.Value) ?? "") ?? new EgressProgress();
        var notes = EgressNotes.None(policy);
        if (FileStat.TryRead(files.Log) is { } log)
        {
            if (progress.Log != log.Inode || progress.Offset < 0 || progress.Offset > log.Bytes)
            {
                (progress.Log, progress.Offset) = (log.Inode, 0);
            }

            while (!cancellationToken.IsCancellationRequested && BoundedText.ReadLinesOf(files.Log.Value, progress.Offset, MostAtOnce) is { Bytes: > 0 } part)
            {
                notes = EgressReading.Read(policy, part.Text, "", progress).And(notes);
                progress.Offset += part.Bytes;
            }
        }

        notes = EgressReading.Read(policy, "", listing, progress).And(notes);
        AtomicFile.Write(files.Progress, progress.ToJson(), Private);
        return notes;
    }

    /// <summary>Takes a user's policy away; with nothing there it succeeds.</summary>
    /// <param name="name">The user's name; null: the VM had none.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="SystemFailureException">Something of it is still there.</exception>
    public async Task RemoveAsync(string? name, CancellationToken cancellationToken)
    {
        if (users.Pool?.Find(name) is { } user && Has(user))
        {
            using var held = await LockAsync(user.Name, cancellationToken).ConfigureAwait(false);
            await RemoveAllAsync(user, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Takes away the policies of users who have no clone.</summary>
    /// <param name="dryRun">Only say whose they are.</param>
    /// <param name="asksKernel">Also those whose files are gone. It starts nft.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>Each such user, and the reason why something is still there.</returns>
    public async Task<IReadOnlyList<(string User, string? Failure)>> CollectAsync(bool dryRun, bool asksKernel, CancellationToken cancellationToken)
    {
        List<(string, string?)> all = [];
        if (users.Pool is null)
        {
            // They are root's, and an ordinary user has none.
            return all;
        }

        // One listing, since each stage asks: a look for each user would be a hundred.
        var files = HostDirectory.Exists(Directory.Value) ? HostDirectory.Files(Directory).Select(file => file.Name).ToHashSet(StringComparer.Ordinal) : [];
        IReadOnlyList<(uint User, string Family)> tables = asksKernel ? await TablesAsync(cancellationToken).ConfigureAwait(false) : [];
        await users.ForUnclaimedAsync(
            [.. users.Pool.Users.Where(user => Marks(user.Name).Any(mark => files.Contains(mark.Name)) || tables.Any(table => table.User == user.Id)).Select(user => user.Name)],
            async user =>
            {
                string? failure = null;
                try
                {
                    if (!dryRun)
                    {
                        await RemoveAllAsync(user, cancellationToken).ConfigureAwait(false);
                    }
                }
                catch (SystemFailureException e)
                {
                    failure = e.Message;
                }

                all.Add((user.Name, failure));
            },
            cancellationToken).ConfigureAwait(false);
        return all;
    }

    /// <summary>The failure of a policy that cannot be kept.</summary>
    public static SystemFailureException Impossible(EgressPolicy policy, string why, Exception? inner = null) => new(
        ErrorCodes.EgressImpossible,
        $"the egress policy '{policy.Name}' cannot be kept on this host: {why}",
        "It needs qemu:///system as root, a user for each VM, nftables, dnsmasq 2.87 or later (dnsmasq-base), and the user-mode network or one that libvirt routes: docs/egress.md. Or write 'egress: {mode: open}' in the image.",
        inner);

    /// <summary>The reason why no VM here can have a policy, in words; null: that is not known to be so.</summary>
    public string? WhyNever() =>
        uri != LibvirtUri.System ? $"QEMU runs as the runner's own user at {uri}, so that no rule can tell guests from it"
        : users.Pool is null ? $"VMs have no users of their own here, since {users.Choice.WhyNot}"
        : null;

    private async Task EnsureAsync(EgressPolicy policy, EgressPlace place, List<string> missing, CancellationToken cancellationToken)
    {
        var families = (await TablesAsync(cancellationToken).ConfigureAwait(false)).Where(table => table.User == place.User.Id).Select(table => table.Family).ToList();
        if (place.Families.Any(family => !families.Contains(family)))
        {
            missing.Add("the rules");
        }

        if (!EgressServers.Runs(FilesOf(place.User.Name)))
        {
            missing.Add("the name server");
        }

        if (missing.Count > 0)
        {
            using var held = await LockAsync(place.User.Name, cancellationToken).ConfigureAwait(false);
            await MakeAsync(policy, place, cancellationToken).ConfigureAwait(false);
            if (!families.Contains("inet"))
            {
                ForgetCounts(FilesOf(place.User.Name));
            }
        }
    }

    /// <summary>The sets of refusals are new and count from 1 on.</summary>
    private static void ForgetCounts(EgressFiles files)
    {
        if (EgressProgress.TryParse(HostFile.TryReadAllText(files.Progress.Value) ?? "") is { } progress)
        {
            progress.Packets.Clear();
            AtomicFile.Write(files.Progress, progress.ToJson(), Private);
        }
    }

    private async Task MakeAsync(EgressPolicy policy, EgressPlace place, CancellationToken cancellationToken)
    {
        var files = FilesOf(place.User.Name);
        await EnsureCapableAsync(policy, cancellationToken).ConfigureAwait(false);
        AtomicFile.Write(files.Rules, EgressTable.Script(place, policy, AddressLife), Private);
        (await NftAsync(["-f", files.Rules.Value], cancellationToken).ConfigureAwait(false)).EnsureSuccess();
        AtomicFile.Write(files.Configuration, EgressNames.Configuration(place, policy, ResolvConf(), Account(), (files.Log, files.Pid)), Private);
        await Servers.EndAsync(files).ConfigureAwait(false);
        if (FileStat.TryRead(files.Log) is { } log && log.Bytes > EgressReading.LongestLog / 2)
        {
            HostFile.Delete(files.Log.Value);
        }

        await Servers.StartAsync(files, cancellationToken).ConfigureAwait(false);
    }

    private static async Task KeepAsync(EgressPolicy policy, Func<Task> action)
    {
        try
        {
            await action().ConfigureAwait(false);
        }
        catch (SystemFailureException e) when (e.Code != ErrorCodes.EgressImpossible)
        {
            throw Impossible(policy, e.Message, e);
        }
    }

    private async Task EnsureCapableAsync(EgressPolicy policy, CancellationToken cancellationToken)
    {
        var version = (await tools.RunAsync(new ToolCall("dnsmasq", ["--version"]) { Timeout = Takes }, cancellationToken).ConfigureAwait(false)).StandardOutput;
        if (!NetworkRules.CanFillSets(version))
        {
            throw Impossible(policy, $"dnsmasq of this host cannot put addresses into sets of nftables: {PlainText.OneLine(version.Split('\n')[0], 100)}");
        }
    }

    private async Task RemoveAllAsync(VmUser user, CancellationToken cancellationToken)
    {
        var files = FilesOf(user.Name);
        await Servers.EndAsync(files).ConfigureAwait(false);

        // First, so that nothing puts the rules back that go next. Its other name tells until the end that something may be left.
        if (HostFile.Exists(files.Rules.Value))
        {
            HostFile.Move(files.Rules.Value, files.Going.Value, overwrite: true);
        }

        foreach (var file in (AbsolutePath[])[files.Configuration, files.Log, files.Progress, files.Pid])
        {
            HostFile.Delete(file.Value);
        }

        foreach (var (_, family) in (await TablesAsync(cancellationToken).ConfigureAwait(false)).Where(table => table.User == user.Id))
        {
            (await NftAsync(["delete", "table", family, new EgressPlace(user).Table], cancellationToken).ConfigureAwait(false)).EnsureSuccess();
        }

        HostFile.Delete(files.Going.Value);
    }

    /// <summary>Empty: there is no such table.</summary>
    private async Task<string> ListAsync(EgressPlace place, CancellationToken cancellationToken)
    {
        var result = await NftAsync(place.ListArguments, cancellationToken).ConfigureAwait(false);
        return result.ExitCode == 0 ? result.StandardOutput : "";
    }

    /// <summary>The tables of all policies that the kernel has now; a host without nft has none.</summary>
    private async Task<IReadOnlyList<(uint User, string Family)>> TablesAsync(CancellationToken cancellationToken)
    {
        try
        {
            return EgressPlace.TablesIn((await NftAsync(EgressPlace.TablesArguments, cancellationToken).ConfigureAwait(false)).EnsureSuccess().StandardOutput);
        }
        catch (ToolMissingException)
        {
            return [];
        }
    }

    private Task<ToolResult> NftAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken) => Nft.RunAsync(tools, arguments, cancellationToken);

    private async Task<KernelLock> LockAsync(string user, CancellationToken cancellationToken)
    {
        StateDirectories.Make(Directory, StateDirectories.Private);
        return await KernelLock.TakeAsync(Directory.Child($"{user}.lock"), Takes, time, cancellationToken).ConfigureAwait(false)
            ?? throw new HostFileException($"the egress policy of {user} in {Directory} cannot be changed", new TimeoutException("another process does it for too long"));
    }

    /// <summary>The user and group that own nothing, and have this number on every Linux: dnsmasq gives up root for them, and keeps the right to change nftables.</summary>
    private static (string User, string Group) Account() => (NameOf("/etc/passwd"), NameOf("/etc/group"));

    private static string NameOf(string table) => (HostFile.TryReadAllText(table) ?? "").Split('\n').Select(line => line.Split(':'))
        .FirstOrDefault(fields => fields.Length > 2 && fields[2] == NumberOfLeast)?[0]
        ?? throw new SystemFailureException(ErrorCodes.EgressImpossible, $"{table} has no entry with the number {NumberOfLeast}, which dnsmasq is to run as", "Restore the entry of the distribution.");

    /// <summary>The files of which one is there while the user has a policy.</summary>
    private AbsolutePath[] Marks(string user) => [FilesOf(user).Rules, FilesOf(user).Going];

    private EgressFiles FilesOf(string user) => new(Directory, user);
}
