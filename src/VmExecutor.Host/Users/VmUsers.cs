using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Users;
using VmExecutor.Core.Values;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Files;
using VmExecutor.Host.Locks;
using VmExecutor.Host.Processes;

namespace VmExecutor.Host.Users;

/// <summary>
/// The users of this host that clones run as. A clone has one for as long as its directory is there or a process of that user runs: a file in
/// <see cref="Directory"/> has the user's name and names the clone's directory. So a claim ends by itself, whatever is killed; it is the whole host's, also
/// where several state directories share the users; and it goes with a restart of the host. Claims are made and removed under one kernel lock.
/// </summary>
/// <param name="setting">What the administrator wants.</param>
/// <param name="decide">Whether clones have users of their own; asked once.</param>
/// <param name="directory">The directory of the claims.</param>
/// <param name="time">The clock.</param>
public sealed class VmUsers(UserPerVm setting, Func<VmUserChoice> decide, AbsolutePath directory, TimeProvider time)
{
    private const string LockName = "lock";

    private static readonly TimeSpan TakingTakes = TimeSpan.FromSeconds(10);
    private static readonly AbsolutePath OfHost = new("/run/vm-executor/users");

    /// <summary>Gone after a restart of the host, as all processes are.</summary>
    public AbsolutePath Directory { get; } = directory;

    public VmUserChoice Choice => LazyInitializer.EnsureInitialized(ref field, decide);

    /// <summary>Null: clones run as libvirt's one QEMU user.</summary>
    public VmUserPool? Pool => Choice.Pool;

    /// <summary>The users of this host for clones at one libvirt.</summary>
    public static VmUsers At(string uri, LibvirtSettings settings, TimeProvider time) => new(
        settings.UserPerVm,
        () => VmUserChoice.Decide(
            settings.UserPerVm,
            uri,
            Environment.IsPrivilegedProcess,
            () => VmUserPool.Parse(HostFile.TryReadAllText("/etc/passwd") ?? "", HostFile.TryReadAllText("/etc/group") ?? ""),
            () => HostFile.TryReadAllText("/etc/libvirt/qemu.conf") ?? ""),
        OfHost,
        time);

    /// <summary>Refuses a host that cannot give clones users of their own where they must have them.</summary>
    /// <exception cref="SystemFailureException"><see cref="ErrorCodes.VmUserImpossible"/>.</exception>
    public void EnsureAsDemanded()
    {
        if (setting == UserPerVm.Required && Pool is null)
        {
            throw Choice.Failure();
        }
    }

    /// <summary>True when a clone could have a user now, or needs none.</summary>
    public bool HasFree() => CountFree() is not 0;

    /// <summary>The number of clones that could have a user now; null: they need none.</summary>
    public int? CountFree() => Pool?.Users.Count(user => !IsClaimed(user));

    /// <summary>The user that an admitted clone was given; null: libvirt's one QEMU user.</summary>
    /// <exception cref="SystemFailureException">The record does not say, though clones have users here: the clone must not run as another's.</exception>
    public VmUser? Of(JobDirectory clone) => Pool is null ? null : Pool.Find(clone.Read()?.Stamp.User) ?? throw new SystemFailureException(
        ErrorCodes.VmUserImpossible,
        $"no VM was started: the record of {clone.Key} does not name the user that its VM was given",
        "Retry the job. Where it happens again, the users of this host were changed while it started: executor/users/install makes them.");

    /// <summary>Gives a clone a user that no other clone has and that has no process.</summary>
    /// <param name="clone">The clone's directory, which is there.</param>
    /// <param name="cancellationToken">Ends the wait for others that take one.</param>
    /// <returns>Null: none is free, or clones have none here.</returns>
    /// <exception cref="HostFileException">The claims cannot be read or written.</exception>
    public async Task<VmUser?> TryTakeAsync(AbsolutePath clone, CancellationToken cancellationToken) => (await TryTakeAsync([clone], cancellationToken).ConfigureAwait(false))?[0];

    /// <summary>As above, for several clones: each gets one, or none does.</summary>
    /// <param name="clones">Their directories, which are there.</param>
    /// <param name="cancellationToken">Ends the wait for others that take one.</param>
    /// <returns>In the order of the clones; null: too few are free, or clones have none here.</returns>
    /// <exception cref="HostFileException">The claims cannot be read or written.</exception>
    public async Task<IReadOnlyList<VmUser>?> TryTakeAsync(IReadOnlyList<AbsolutePath> clones, CancellationToken cancellationToken)
    {
        if (Pool is null)
        {
            // The claims are root's, and an ordinary user has none.
            return null;
        }

        using var held = await LockAsync(cancellationToken).ConfigureAwait(false);
        if (held is null)
        {
            return null;
        }

        var running = ProcessTable.UsersWithProcesses();
        VmUser[] free = [.. Pool.Users.Where(user => !running.Contains(user.Id) && ((ClaimOf(user) is { } owner && clones.Contains(owner)) || !IsClaimed(user))).Take(clones.Count)];
        if (free.Length < clones.Count)
        {
            return null;
        }

        for (var number = 0; number < free.Length; number++)
        {
            AtomicFile.Write(FileOf(free[number]), $"{clones[number]}\n", UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        return free;
    }

    /// <summary>Ends processes and removes files of each user whose clone is gone, and then its claim.</summary>
    /// <param name="dryRun">Only look.</param>
    /// <param name="cancellationToken">Ends it between two users.</param>
    /// <returns>For each user that had something left: its name, what that was, and what could not be removed.</returns>
    public async Task<IReadOnlyList<(string User, IReadOnlyList<string> Parts, string? Failure)>> CollectAsync(bool dryRun, CancellationToken cancellationToken)
    {
        var all = new List<(string, IReadOnlyList<string>, string?)>();
        if (Pool is null || !HostDirectory.Exists(Directory.Value) || !Pool.Users.Any(IsOver))
        {
            return all;
        }

        using var held = await LockAsync(cancellationToken).ConfigureAwait(false);
        var over = held is null ? [] : Pool.Users.Where(IsOver).ToList();
        var remains = new VmUserRemains(over, time);
        foreach (var user in over)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var (parts, failure) = await remains.RemoveAsync(user, dryRun, cancellationToken).ConfigureAwait(false);
            if (!dryRun && failure is null)
            {
                HostFile.Delete(FileOf(user).Value);
            }

            if (parts.Count > 0 || failure is not null)
            {
                all.Add((user.Name, parts, failure));
            }
        }

        return all;
    }

    /// <summary>Does something for those of these users who have no clone and get none meanwhile.</summary>
    /// <param name="names">The users' names.</param>
    /// <param name="action">Called for each of them.</param>
    /// <param name="cancellationToken">Ends the wait for others that take one.</param>
    public async Task ForUnclaimedAsync(IReadOnlyList<string> names, Func<VmUser, Task> action, CancellationToken cancellationToken)
    {
        if (names.Count == 0 || Pool is null)
        {
            return;
        }

        using var held = await LockAsync(cancellationToken).ConfigureAwait(false);
        foreach (var user in names.Select(Pool.Find).OfType<VmUser>().Where(user => held is not null && !IsClaimed(user)))
        {
            await action(user).ConfigureAwait(false);
        }
    }

    private Task<KernelLock?> LockAsync(CancellationToken cancellationToken)
    {
        StateDirectories.Make(Directory, StateDirectories.Private);
        return KernelLock.TakeAsync(Directory.Child(LockName), TakingTakes, time, cancellationToken);
    }

    private AbsolutePath FileOf(VmUser user) => Directory.Child(user.Name);

    /// <summary>The directory of the clone that has a user, or had it last; null: no clone had it since the last collection.</summary>
    private AbsolutePath? ClaimOf(VmUser user) => AbsolutePath.TryParse(HostFile.TryReadAllText(FileOf(user).Value)?.Trim(), out var clone) ? clone : null;

    /// <summary>A directory that may be there counts as being there.</summary>
    private bool IsClaimed(VmUser user) => ClaimOf(user) is { } clone && HostDirectory.Look(clone.Value) != Presence.Missing;

    private bool IsOver(VmUser user) => ClaimOf(user) is { } clone && HostDirectory.Look(clone.Value) == Presence.Missing;
}
