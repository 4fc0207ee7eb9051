using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using VmExecutor.Host.Processes;

namespace VmExecutor.Host.Runner;

/// <summary>Asks systemd for GitLab Runner's unit.</summary>
/// <param name="host">The machine that it runs on.</param>
/// <param name="tools">Starts systemctl.</param>
public sealed class RunnerUnit(RunnerHost host, IToolRunner tools)
{
    private static readonly AbsolutePath Running = new("/run/systemd/system"); // sd_booted(3)

    /// <summary>The text that systemctl prints; null: systemd does not run there.</summary>
    /// <param name="arguments">Of systemctl.</param>
    /// <param name="limit">How long it may take.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="ToolFailedException">systemd does not answer.</exception>
    public async Task<string?> ShowAsync(IReadOnlyList<string> arguments, TimeSpan limit, CancellationToken cancellationToken)
    {
        if (HostDirectory.Look(host.Of(Running).Value) == Presence.Missing)
        {
            return null;
        }

        var result = await tools.RunAsync(new ToolCall("systemctl", arguments) { Timeout = limit }, cancellationToken).ConfigureAwait(false);
        return result.EnsureSuccess().StandardOutput;
    }
}
