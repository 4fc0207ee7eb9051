using VmExecutor.Host.Processes;

namespace VmExecutor.Host.Firewall;

/// <summary>
/// Runs nft. It reads all rules of the host whatever it is asked for, and nft 1.0 crashes on those that a newer nft has made, without a word (seen with nft 1.0.6 and rules of nft 1.1).
/// </summary>
internal static class Nft
{
    // 128 and SIGSEGV.
    private const int Crashed = 139;

    private static readonly TimeSpan Takes = TimeSpan.FromSeconds(10);

    /// <param name="tools">Starts it.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task<ToolResult> RunAsync(IToolRunner tools, IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        var result = await tools.RunAsync(new ToolCall("nft", arguments) { Timeout = Takes }, cancellationToken).ConfigureAwait(false);
        return result.ExitCode != Crashed
            ? result
            : result with { StandardError = "nft has crashed, as an older nft does where a newer one has made rules: the nft of a container with the host's network, or of a system below this one. 'nft list tables' names them; the newer nft can remove its own" };
    }
}
