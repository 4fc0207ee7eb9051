using System.CommandLine.Completions;

namespace VmExecutor.Completions;

/// <summary>
/// Completes quickly: a person waits at the keyboard. A source that does not answer at once offers nothing, and failures are not shown.
/// </summary>
internal static class Quick
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);

    public static IEnumerable<CompletionItem> Offer(Func<CancellationToken, Task<IEnumerable<string>>> ask)
    {
        try
        {
            using var over = new CancellationTokenSource(Limit);

            // A source of completions cannot wait asynchronously; nothing else runs in this process.
            return [.. Task.Run(() => ask(over.Token)).WaitAsync(Limit).GetAwaiter().GetResult().Select(text => new CompletionItem(text))];
        }
#pragma warning disable CA1031 // No failure may be printed into a user's command line.
        catch (Exception)
#pragma warning restore CA1031
        {
            return [];
        }
    }

    public static IEnumerable<CompletionItem> Offer(Func<IEnumerable<string>> ask) => Offer(_ => Task.FromResult(ask()));
}
