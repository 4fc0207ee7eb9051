using System.Diagnostics;
using VmExecutor.RunnerSimulator.Jobs;

namespace VmExecutor.RunnerSimulator.Tests;

/// <summary>A stub driver per test, and the token that ends a hanging one.</summary>
public abstract class SimulatorTest : IDisposable
{
    protected const int HangLimit = 60_000;

    private readonly StubDriver _driver = new();

    private protected StubDriver Driver => _driver;

    private protected static CancellationToken TestToken => Xunit.TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _driver.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected Task<JobResult> RunAsync(SimulatedJob? job = null, RunnerOptions? options = null) =>
        new SimulatedRunner(options ?? Driver.Options).RunJobAsync(job ?? new SimulatedJob(), TestToken);

    private protected RunningJob Start(SimulatedJob? job = null, RunnerOptions? options = null) =>
        new SimulatedRunner(options ?? Driver.Options).Start(job ?? new SimulatedJob(), TestToken);

    /// <summary>True when a process exists, as ps sees it; a zombie does not count.</summary>
    private protected static async Task<bool> IsAliveAsync(string processId)
    {
        using var ps = Process.Start(new ProcessStartInfo("ps", ["-o", "stat=", "-p", processId]) { RedirectStandardOutput = true })!;
        var state = await ps.StandardOutput.ReadToEndAsync(TestToken);
        await ps.WaitForExitAsync(TestToken);
        return state.Trim().Length > 0 && !state.StartsWith('Z');
    }
}
