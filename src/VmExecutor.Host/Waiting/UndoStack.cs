using VmExecutor.Core.Failures;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Waiting;

/// <summary>The steps that take back what was made, in the reverse order of the making.</summary>
public sealed class UndoStack
{
    private readonly Stack<Func<CancellationToken, Task>> steps = new();

    public void Push(Func<CancellationToken, Task> step) => steps.Push(step);

    /// <summary>Each step is tried, whatever becomes of the others.</summary>
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
