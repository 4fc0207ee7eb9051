using System.Diagnostics;
using VmExecutor.EndToEnd.Tests.Instruments;

namespace VmExecutor.EndToEnd.Tests.Attacks;

/// <summary>An ssh agent of the runner's user with one key, as an administrator's login may leave one to the runner.</summary>
internal sealed class SshAgent : IAsyncDisposable
{
    private readonly Process _process;

    private SshAgent(Process process, string socket)
    {
        (_process, Socket) = (process, socket);
    }

    public string Socket { get; }

    public static async Task<SshAgent> StartAsync(string directory, string key)
    {
        var socket = Path.Combine(directory, "agent.sock");
        var agent = new SshAgent(Process.Start(new ProcessStartInfo("ssh-agent", ["-D", "-a", socket]) { RedirectStandardOutput = true })!, socket);
        await agent._process.StandardOutput.ReadLineAsync();
        await HostCommand.OutputAsync("env", $"SSH_AUTH_SOCK={socket}", "ssh-add", "-q", key);
        return agent;
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
