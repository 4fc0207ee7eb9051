using System.Globalization;
using System.Text.Json;
using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Instruments;
using VmExecutor.RunnerSimulator;
using VmExecutor.RunnerSimulator.Jobs;

namespace VmExecutor.EndToEnd.Tests.Benches;

/// <summary>A test about waking up.</summary>
public abstract class WarmTest(TestMachine machine) : BenchTest(machine)
{
    private protected async Task<JobSession> PrepareAsync(int id)
    {
        var session = Bench.Open(new SimulatedJob { Id = id });
        await session.ConfigAsync();
        (await session.PrepareAsync()).ShouldSucceed();
        return session;
    }

    private protected string Domain(int id) => $"vmx-{Path.GetFileName(JobDirectory(id))}";

    private protected JsonElement JobRecord(int id) => JsonDocument.Parse(File.ReadAllText(Path.Combine(JobDirectory(id), "job.json"))).RootElement;

    /// <summary>Exit code 0, and its stdout.</summary>
    private protected static async Task<string> SaysAsync(JobSession session, string script)
    {
        var run = await session.RunAsync("build_script", script);
        run.ShouldSucceed();
        return run.OutputText;
    }

    /// <summary>The guest's clock is right within half a second, and what asking takes.</summary>
    private protected static async Task ClockIsRightAsync(JobSession session)
    {
        var tolerance = TimeSpan.FromSeconds(0.5);
        var asked = DateTimeOffset.UtcNow;
        var said = double.Parse(await SaysAsync(session, "date +%s.%N"), CultureInfo.InvariantCulture);
        DateTimeOffset.UnixEpoch.AddSeconds(said).Should().BeAfter(asked - tolerance).And.BeBefore(DateTimeOffset.UtcNow + tolerance);
    }

    private protected static async Task CleanUpAsync(params IEnumerable<JobSession> sessions)
    {
        foreach (var session in sessions)
        {
            (await session.CleanupAsync()).ShouldSucceed();
        }
    }

    private protected string JobDirectory(int id) =>
        Directory.GetDirectories(Path.Combine(Bench.StateDirectory, "jobs"), $"*-{id}-*").Should().ContainSingle().Which;
}
