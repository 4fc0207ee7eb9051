namespace VmExecutor.Host.Clones;

/// <summary>What was made so far and how to unmake it, last first.</summary>
public sealed class UndoStack
{
    private readonly Stack<Func<CancellationToken, Task>> _steps = new();

    /// <summary>Registered before the step that it undoes is tried, since that may fail half-way; so each must cope with nothing to undo.</summary>
    public void Push(Func<CancellationToken, Task> undo) => _steps.Push(undo);

    /// <summary>Undoes everything; each step is tried even if another failed.</summary>
    /// <param name="deadline">A token of its own, not the cancelled one that may have brought us here.</param>
    /// <returns>What failed; empty when all is undone.</returns>
    public async Task<IReadOnlyList<Exception>> UndoAsync(CancellationToken deadline)
    {
        var failures = new List<Exception>();
        while (_steps.TryPop(out var undo))
        {
            try
            {
                await undo(deadline).ConfigureAwait(false);
            }
#pragma warning disable CA1031 // Whatever one step throws, the others are still tried; the caller gets all of it.
            catch (Exception e)
#pragma warning restore CA1031
            {
                failures.Add(e);
            }
        }

        return failures;
    }
}
