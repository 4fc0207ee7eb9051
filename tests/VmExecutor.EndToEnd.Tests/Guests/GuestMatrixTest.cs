using System.Diagnostics;
using System.Text.RegularExpressions;
using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Instruments;
using VmExecutor.RunnerSimulator;
using VmExecutor.RunnerSimulator.Jobs;
using VmExecutor.RunnerSimulator.Stages;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Guests;

/// <summary>
/// Takes a whole system as administrators have them, built by tests/guests/build, through all that the driver does. Some are in every run; the others, and for
/// those the warm job and the clone for people, are in the thorough one, since each boot takes most of a minute without KVM. There is a class for each
/// group of guests, so that tests of two groups run at once.
/// </summary>
public abstract class GuestMatrixTest(TestMachine machine, SmallGuestStart smallGuest) : BenchTest(machine), IClassFixture<SmallGuestStart>
{
    /// <summary>Milliseconds: a hang limit, for all boots of one guest and its build.</summary>
    protected const int LongHangLimit = 2_400_000;

    private protected const string BecauseOtherGuests = "its guests are not the one that the tests' template is of";

    private const string Ready = "the job is at work";

    private static readonly TimeSpan CommandLimit = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan BootLimit = TimeSpan.FromMinutes(10);

    /// <summary>The guests of a group by their names; those that are not in every run are explicit.</summary>
    protected static IEnumerable<TheoryDataRow<string>> Group(string group) => GuestVariant.All()
        .Where(variant => variant.Group == group)
        .Select(variant => new TheoryDataRow<string>(variant.Name) { Explicit = !variant.IsInEveryRun });

    /// <summary>Publishes the guest, runs a job that is cancelled, then one that wakes up where that can be, and clones it for people.</summary>
    protected async Task RunAsync(string variant)
    {
        var guest = await BuiltGuest.BuildAsync(variant);
        await using var domain = await GuestDomain.DefineAsync(guest, $"base-{variant}-{Bench.Token}", Bench.MakeDirectory("base"));
        var before = await domain.FingerprintAsync();
        Bench.With().WriteImage(variant, guest.ImageYaml(domain.Name));

        await CommandAsync("image", "publish", variant);
        var cold = await CancelledJobAsync(guest);
        var small = Thoroughness.IsFull ? await smallGuest.PrepareAsync() : TimeSpan.Zero;
        var next = Thoroughness.IsFull ? await NextJobAsync(guest) : TimeSpan.Zero;
        (await domain.FingerprintAsync()).Should().Be(before, "a source is never modified");
        if (Thoroughness.IsFull)
        {
            await CloneAsync(domain);

            // libvirt gives the disks of a domain, and what they stand on, to QEMU's user, and what they stand on it does not give back.
            WithoutOwners(await domain.FingerprintAsync()).Should().Be(WithoutOwners(before), "a clone for people stands on its source and does not change it");
            GuestRecord.Write(variant, cold, next, small, guest.CanBeWarm);
        }
    }

    /// <summary>A job that boots and does its work, is cancelled while its script waits, and still gets its after_script.</summary>
    /// <returns>The time of its prepare.</returns>
    private async Task<TimeSpan> CancelledJobAsync(BuiltGuest guest)
    {
        var running = Bench.Start(new SimulatedJob
        {
            Id = 1401,
            Image = guest.Variant,
            Script = [guest.Job, $"echo {Ready.Replace(" ", "' '", StringComparison.Ordinal)}; sleep 5171"],
            AfterScript = ["echo status=$CI_JOB_STATUS", GuestProcesses.SayWhenNoneIsLeft("^sleep 517", "script is gone")],
        });
        await running.TraceContainsAsync($"{Ready}\n");

        running.Cancel();
        var result = await running.Completion;

        result.State.Should().Be(JobState.Canceled, result.ToString());
        var after = result.Last(Stage.Run, SubStages.AfterScript);
        after.OutputText.Should().Contain("status=canceled\n").And.Contain("script is gone\n", result.ToString());
        result.Last(Stage.Cleanup).ShouldSucceed();
        return result.Last(Stage.Prepare).Duration;
    }

    /// <summary>A job after it, which wakes up where that can be and must see nothing of the first.</summary>
    /// <returns>The time of its prepare.</returns>
    private async Task<TimeSpan> NextJobAsync(BuiltGuest guest)
    {
        if (guest.CanBeWarm)
        {
            await CommandAsync("image", "warm", guest.Variant);
        }
        else
        {
            var refused = await Bench.CommandAsync(["image", "warm", guest.Variant], CommandLimit);
            refused.ExitCode.Should().NotBe(0);
            refused.Error.Should().Contain(guest.WarmReason);
        }

        var result = await Bench.RunJobAsync(new SimulatedJob { Id = 1402, Image = guest.Variant, Script = [guest.Job] });

        result.State.Should().Be(JobState.Success, result.ToString());
        File.ReadLines(Path.Combine(Bench.StateDirectory, "ledger.jsonl")).Last().Should()
            .Contain(guest.CanBeWarm ? "\"start\":\"warm\"" : "\"start\":\"cold\"", result.ToString());
        return result.Last(Stage.Prepare).Duration;
    }

    /// <summary>A linked clone for people boots until it asks who logs in.</summary>
    private async Task CloneAsync(GuestDomain domain)
    {
        var clone = $"{domain.Name}-clone";
        try
        {
            await CommandAsync("clone", domain.Name, clone, "-c", "qemu:///system", "--start");
            var console = await Eventually.AskAsync(
                () => Task.FromResult(Console(domain, clone)), text => text.Contains("login:", StringComparison.Ordinal), BootLimit);
            console.Should().Contain("login:");
        }
        finally
        {
            await GuestDomain.RemoveAsync(clone);
        }

        await CommandAsync("clone", "--release", domain.Name, "-c", "qemu:///system");
    }

    private static string WithoutOwners(string fingerprint) => Regex.Replace(fingerprint, " [0-9]+:[0-9]+ ", " ");

    private static string Console(GuestDomain domain, string clone)
    {
        var file = Path.Combine(domain.Directory, $"{clone}.console");
        return File.Exists(file) ? File.ReadAllText(file) : "";
    }

    private async Task CommandAsync(params string[] arguments)
    {
        var started = Stopwatch.GetTimestamp();
        var command = await Bench.CommandAsync(arguments, CommandLimit);
        command.ExitCode.Should().Be(0, "{0} s, {1}", Stopwatch.GetElapsedTime(started).TotalSeconds, command.ToString());
    }
}
