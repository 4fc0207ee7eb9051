using VmExecutor.Core.Configuration;
using VmExecutor.Core.Usage;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using VmExecutor.Host.Locks;

namespace VmExecutor.Host.Observing;

/// <summary>Remembers in <c>state_dir/learned.json</c> what the last runs of each job took of the host, and reads on in the ledger when it is asked.</summary>
public sealed class LearnedMemory(AbsolutePath stateDir, StateLocks locks)
{
    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;
    private static readonly TimeSpan LockLimit = TimeSpan.FromSeconds(10);

    /// <summary>As much is read at once at most, some thousand lines: a job waits for it. Of what is new beyond that the newest is read.</summary>
    private const long Newest = 4 << 20;

    private AbsolutePath File { get; } = stateDir.Child(StateFiles.Learned);

    /// <summary>The most that the last runs of a job took, in bytes; null: too few are known, or the ledger cannot be read now.</summary>
    public async Task<long?> MostOfAsync(JobKind kind, CancellationToken cancellationToken)
    {
        try
        {
            using var held = await locks.TakeLedgerAsync(LockLimit, cancellationToken).ConfigureAwait(false);
            return held is null ? null : CatchUp().MostOf(kind);
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            return null;
        }
    }

    private LearnedNeeds CatchUp()
    {
        var before = (HostFile.TryReadAllText(File.Value) is { } text ? LearnedNeeds.TryParse(text) : null) ?? LearnedNeeds.Empty();
        var (file, offset) = LedgerFollower.Follow(stateDir, before.File, before.Offset, before.Count, Newest);
        var now = before with { File = file, Offset = offset };
        if (now.File != before.File || now.Offset != before.Offset)
        {
            Keep(now);
        }

        return now;
    }

    private void Keep(LearnedNeeds needs)
    {
        try
        {
            AtomicFile.Write(File, needs.ToJson(), Mode, durably: false);
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            // On a full disk the next job reads the same lines again.
        }
    }
}
