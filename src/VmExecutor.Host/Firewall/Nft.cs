using VmExecutor.Host.Processes;

namespace VmExecutor.Host.Firewall;

/// <summary>
/// Runs nft. Once more where a signal has ended it: nft 1.0 was seen to crash while another process changed the kernel's rules (exit code 139), and a VM without rules, or a job that
/// fails, is too much for that.
/// </summary>
internal static class Nft
{
    // bash(1), "EXIT STATUS", and .NET: 128 and the signal's number.
    private const int EndedBySignal = 128;

    private static readonly TimeSpan Takes = TimeSpan.FromSeconds(10);

    /// <param name="tools">Starts it.</param>
    /// <param name="arguments">A transaction, which the kernel does as a whole or not at all, or a listing: both can be done again.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task<ToolResult> RunAsync(IToolRunner tools, IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        var call = new ToolCall("nft", arguments) { Timeout = Takes };
        var result = await tools.RunAsync(call, cancellationToken).ConfigureAwait(false);
        return result.ExitCode > EndedBySignal ? await tools.RunAsync(call, cancellationToken).ConfigureAwait(false) : result;
    }
}
