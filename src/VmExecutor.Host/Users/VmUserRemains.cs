using System.Globalization;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Users;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using VmExecutor.Host.Processes;
using VmExecutor.Host.Waiting;

namespace VmExecutor.Host.Users;

/// <summary>
/// The processes that users without a clone still have, and their files where every user may make some: what a QEMU that a guest has taken over
/// could leave for the next clone of the same user.
/// </summary>
/// <param name="users">Users that have no clone, and get none meanwhile.</param>
/// <param name="time">The clock.</param>
internal sealed class VmUserRemains(IReadOnlyList<VmUser> users, TimeProvider time)
{
    private const int Deepest = 3;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(10);
    private static readonly AbsolutePath[] Places = [new("/tmp"), new("/var/tmp"), new("/dev/shm"), new("/dev/mqueue"), new("/run/lock")];

    private readonly Lazy<ILookup<uint, HostEntry>> _files = new(() => FindFiles(users));

    /// <param name="user">One of the users.</param>
    /// <param name="dryRun">Only look.</param>
    /// <param name="cancellationToken">Ends the wait for processes.</param>
    /// <returns>What was there, in words; and what is still there.</returns>
    public async Task<(IReadOnlyList<string> Parts, string? Failure)> RemoveAsync(VmUser user, bool dryRun, CancellationToken cancellationToken)
    {
        var parts = new List<string>();
        IReadOnlyList<RunnerProcess> left = [];
        if (dryRun)
        {
            parts.AddRange(ProcessesOf(user).Select(Describe));
        }
        else
        {
            // One that forks while it is looked for is found by the next look.
            await new Poll(Patience, PollInterval, time).UntilAsync(
                _ =>
                {
                    left = ProcessesOf(user);
                    parts.AddRange(left.Select(Describe).Except(parts));
                    foreach (var process in left)
                    {
                        UnixSignal.Send(process.Pid, UnixSignal.Kill);
                    }

                    return Task.FromResult(left.Count == 0);
                },
                cancellationToken).ConfigureAwait(false);
        }

        if (left.Count > 0)
        {
            return (parts, $"{string.Join(", ", left.Select(Describe))} of user {user.Name} could not be ended. See what holds it: ps -u {user.Name} -o pid,stat,wchan,args");
        }

        // Only now: a process could make files anew.
        string? failure = null;
        foreach (var file in _files.Value[user.Id])
        {
            parts.Add($"file {file.FullName}");
            failure = dryRun ? failure : TryRemove(file) ?? failure;
        }

        return (parts, failure);
    }

    /// <summary>A container's processes with the same number belong to another user, and are left alone.</summary>
    private static IReadOnlyList<RunnerProcess> ProcessesOf(VmUser user) => [.. ProcessTable.Of(user.Id).Where(process => !ProcessNamespace.IsAnothers(process.Pid, user.Id))];

    private static string Describe(RunnerProcess process) => string.Create(CultureInfo.InvariantCulture, $"process {process.Pid}");

    private static string? TryRemove(HostEntry file)
    {
        try
        {
            HostDirectory.Delete(file);
            return null;
        }
        catch (HostFileException e)
        {
            return e.IsMissing ? null : e.Message;
        }
    }

    private static ILookup<uint, HostEntry> FindFiles(IReadOnlyList<VmUser> users)
    {
        var wanted = users.Select(user => user.Id).ToHashSet();
        return Places.SelectMany(place => Below(() => HostDirectory.List(place), wanted, Deepest)).ToLookup(file => file.Owner, file => file.File);
    }

    /// <summary>The files of the users in a directory, and in the directories there in which every user may make some.</summary>
    private static IEnumerable<(uint Owner, HostEntry File)> Below(Func<IReadOnlyList<HostEntry>> list, HashSet<uint> wanted, int depth)
    {
        IReadOnlyList<HostEntry> files;
        try
        {
            files = list();
        }
        catch (HostFileException)
        {
            // Not there, or gone meanwhile.
            yield break;
        }

        foreach (var file in files)
        {
            if (file.Stat() is not { } stat)
            {
                continue;
            }

            if (wanted.Contains(stat.Owner))
            {
                yield return (stat.Owner, file);
            }
            else if (depth > 1 && stat.IsDirectory && stat.Mode.HasFlag(UnixFileMode.OtherWrite))
            {
                foreach (var found in Below(() => HostDirectory.List(file), wanted, depth - 1))
                {
                    yield return found;
                }
            }
        }
    }
}
