using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Instruments;
using VmExecutor.RunnerSimulator;
using VmExecutor.RunnerSimulator.Jobs;
using VmExecutor.RunnerSimulator.Stages;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Cases;

/// <summary>Publishing that is interrupted.</summary>
[AlwaysCold("it publishes images of its own")]
public sealed class KilledPublishTests(TestMachine machine) : PublishTest(machine)
{
    [Fact(Timeout = 2 * HangLimit)]
    public async Task Publishing_that_is_killed_at_any_moment_leaves_the_old_generation_or_a_whole_new_one()
    {
        var moments = Thoroughness.Of(10, few: 4);
        Bench.With();
        var time = System.Diagnostics.Stopwatch.StartNew();
        await PublishAsync("small");
        var whole = time.Elapsed;

        for (var moment = 0; moment < moments; moment++)
        {
            var known = await CurrentAsync();
            using var publishing = Bench.StartCommand("image", "publish", "small");
            await Task.WhenAny(publishing.WaitForExitAsync(TestContext.Current.CancellationToken), Task.Delay(whole * moment / moments, TestContext.Current.CancellationToken));
            publishing.Kill();
            await publishing.WaitForExitAsync(TestContext.Current.CancellationToken);

            var current = await CurrentAsync();
            current.Should().BeOneOf(known, known + 1, known + 2);
            File.Exists(Path.Combine(ImageDirectory, $"{current}", "image.json")).Should().BeTrue();
        }

        (await Bench.CommandAsync("gc")).ExitCode.Should().Be(0);
        (await Bench.Leftovers.DomainsAsync()).Should().BeEmpty();
        await PublishAsync("small");
        HalfMade().Should().BeEmpty();
        var job = await Bench.RunJobAsync(new SimulatedJob { Id = 321 });
        job.State.Should().Be(JobState.Success, job.ToString());
        job.Last(Stage.Prepare).OutputText.Should().Contain($"(generation {await CurrentAsync()})");
    }
}
