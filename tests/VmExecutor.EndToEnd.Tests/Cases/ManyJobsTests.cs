using System.Text.Json;
using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Instruments;
using VmExecutor.RunnerSimulator;
using VmExecutor.RunnerSimulator.Jobs;
using VmExecutor.RunnerSimulator.Stages;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Cases;

/// <summary>Many jobs at the same moment on one host, as after a push that starts a pipeline.</summary>
public sealed class ManyJobsTests(TestMachine machine) : BenchTest(machine)
{
    // Twenty emulated VMs that boot at once are minutes on two processors: tests/soak has the time. Against stand-ins it is twenty always.
    private static readonly int Jobs = Environment.GetEnvironmentVariable("VM_EXECUTOR_SOAK_JOBS") is null ? 8 : 20;

    [Fact(Timeout = 2 * HangLimit)]
    public async Task Jobs_prepared_at_once_do_not_disturb_each_other()
    {
        Bench.With(new Images.ImageYaml { BootSeconds = 300 });
        var sessions = Enumerable.Range(1, Jobs).Select(number => Bench.Open(new SimulatedJob { Id = 800 + number })).ToList();

        await Task.WhenAll(sessions.Select(session => session.ConfigAsync()));
        var prepared = await Task.WhenAll(sessions.Select(session => session.PrepareAsync()));
        var answers = await Task.WhenAll(sessions.Select(session => session.RunAsync(SubStages.BuildScript, "cat /proc/sys/kernel/random/boot_id /etc/machine-id")));
        var ports = Directory.GetFiles(Path.Combine(Bench.StateDirectory, "jobs"), "job.json", SearchOption.AllDirectories)
            .Select(file => JsonDocument.Parse(File.ReadAllText(file)).RootElement.GetProperty("guest").GetProperty("port").GetInt32()).ToList();
        var cleaned = await Task.WhenAll(sessions.Select(session => session.CleanupAsync()));

        prepared.Should().OnlyContain(record => record.ExitCode == 0, string.Join('\n', prepared.Where(record => record.ExitCode != 0)));
        answers.Should().OnlyContain(record => record.ExitCode == 0, string.Join('\n', answers.Where(record => record.ExitCode != 0)));
        answers.Select(record => record.OutputText).Should().OnlyHaveUniqueItems("each has a VM of its own");
        ports.Should().HaveCount(Jobs).And.OnlyHaveUniqueItems();
        cleaned.Should().OnlyContain(record => record.ExitCode == 0, string.Join('\n', cleaned.Where(record => record.ExitCode != 0)));
        File.ReadLines(Path.Combine(Bench.StateDirectory, "ledger.jsonl")).Should().HaveCount(Jobs).And.OnlyContain(line => line.StartsWith('{') && line.EndsWith('}'));
        (await Bench.Leftovers.FindAsync()).Should().BeEmpty();
    }

    [Fact(Timeout = HangLimit)]
    public async Task Equal_job_ids_of_two_runners_and_two_servers_are_three_jobs()
    {
        Bench.With();
        var job = new SimulatedJob { Id = 850 };
        JobSession[] sessions =
        [
            Bench.Open(job),
            Bench.Open(job, options => options with { ShortToken = options.ShortToken + "-b" }),
            Bench.Open(job, options => options with { ServerUrl = "https://other.example.com" }),
        ];

        foreach (var session in sessions)
        {
            await session.ConfigAsync();
            (await session.PrepareAsync()).ShouldSucceed();
        }

        (await Bench.Leftovers.DomainsAsync()).Should().HaveCount(3);
        (await sessions[0].CleanupAsync()).ExitCode.Should().Be(0);
        (await Bench.Leftovers.DomainsAsync()).Should().HaveCount(2);
        foreach (var session in sessions.Skip(1))
        {
            (await session.RunAsync(SubStages.BuildScript, "true")).ExitCode.Should().Be(0, "another's cleanup is none of its business");
            (await session.CleanupAsync()).ExitCode.Should().Be(0);
        }
    }
}
