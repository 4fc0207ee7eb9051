using VmExecutor.Core.Failures;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Waiting;

/// <summary>The steps that undo the making, in the reverse order.</summary>
public sealed class UndoStack
{
    private readonly Stack<Func<CancellationToken, Task>> steps = new();

    public void Push(Func<CancellationToken, Task> step) => steps.Push(step);

    /// <summary>Runs each step, whether or not others fail.</summary>
    /// <returns>What could not be taken back, in sentences.</returns>
    public async Task<IReadOnlyList<string>> RunAsync(CancellationToken cancellationToken)
    {
        var failures = new List<string>();
        while (steps.TryPop(out var step))
        {
            try
            {
                await step(cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is DriverException or OperationCanceledException or TimeoutException || HostFileException.Explains(e))
            {
                failures.Add(e.Message);
            }
        }

        return failures;
    }
}
