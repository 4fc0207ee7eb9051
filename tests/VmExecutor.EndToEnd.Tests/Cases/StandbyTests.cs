using System.Globalization;
using System.Text.Json;
using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Images;
using VmExecutor.EndToEnd.Tests.Instruments;
using VmExecutor.RunnerSimulator.Jobs;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Cases;

/// <summary>Clones that are made before there is a job for them.</summary>
[AlwaysWarm]
public sealed class StandbyTests(TestMachine machine) : StandbyTest(machine)
{
    private static readonly int Moments = Thoroughness.Of(16, few: 1);

    // The kept ssh connection would be given up after a minute without an answer.
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(Thoroughness.Of(80, few: 2));

    public enum Damage
    {
        QemuKilled,
        MasterKilled,
        OverlayWritten,
        ResumedByHand,
        TooOld,
    }

    /// <summary>In each run one that only a look at the files tells.</summary>
    public static TheoryData<Damage, string> Misses { get; } = new(((Damage, string)[])
    [
        (Damage.OverlayWritten, "disk"),
        .. Thoroughness.IsFull ? [(Damage.MasterKilled, "connection"), (Damage.QemuKilled, "none"), (Damage.ResumedByHand, "stopped"), (Damage.TooOld, "too_old")] : ((Damage, string)[])[],
    ]);

    public static TheoryData<int, bool> KillMoments { get; } = new(Enumerable.Range(0, Moments).Select(moment => (moment, moment % 2 == 0)));

    [Fact(Timeout = HangLimit)]
    public async Task A_job_takes_the_clone_that_waits_and_its_cleanup_leaves_nothing_of_it()
    {
        var waiting = (await FillAsync(1)).Should().ContainSingle().Which;
        (await StateAsync(waiting)).Should().Be("paused");
        (await HostCommand.OutputAsync("ps", "-o", "stat=", "-p", Master(waiting))).Should().StartWith("T", "an ssh that runs would give a guest up that does not answer");
        Directory.Exists($"/proc/{Client(waiting)}").Should().BeTrue("a command waits in the guest for what is the job's own");
        await Task.Delay(Wait);

        var session = await PrepareAsync(1901);

        session.Trace.ToString().Should().Contain($"Took VM {waiting}, warm started before, which waited for ");
        (await StateAsync(waiting)).Should().Be("running");
        Directory.GetFiles(Links().Single(), "left.*").Should().BeEmpty();
        Stamp(await HostCommand.OutputAsync("virsh", "-c", "qemu:///system", "metadata", waiting, "urn:vm-executor:job:1")).Should().Be(JobKey(1901));
        (await SaysAsync(session, "cat /proc/sys/kernel/hostname")).Trim().Should().Be($"vmx-{JobKey(1901)}");
        await ClockIsRightAsync(session);
        (await Bench.CommandAsync("list", "--json")).Output.Should().Contain($"\"job\": \"{JobKey(1901)}\"");
        (await Bench.CommandAsync("logs", "1901")).Output.Should().Contain("standby");
        WantNone();
        await CleanUpAsync(session);

        await NothingWaitsAsync();
        var entry = JsonDocument.Parse(File.ReadLines(Path.Combine(Bench.StateDirectory, "ledger.jsonl")).Should().ContainSingle().Which).RootElement;
        (entry.GetProperty("job").GetString(), entry.GetProperty("start").GetString()).Should().Be((JobKeyOfLedger(1901), "standby"));
        entry.GetProperty("standby_seconds").GetDouble().Should().BeGreaterThan(Wait.TotalSeconds);
    }

    [Fact(Timeout = HangLimit, Explicit = true)]
    public async Task A_clone_whose_waiting_command_has_died_is_taken_all_the_same()
    {
        var waiting = (await FillAsync(1)).Should().ContainSingle().Which;
        await HostCommand.OutputAsync("kill", "-KILL", Client(waiting));

        var session = await PrepareAsync(1904);

        session.Trace.ToString().Should().Contain($"Took VM {waiting}");
        (await SaysAsync(session, "cat /proc/sys/kernel/hostname")).Trim().Should().Be($"vmx-{JobKey(1904)}");
        await ClockIsRightAsync(session);
        WantNone();
        await CleanUpAsync(session);
        await NothingWaitsAsync();
    }

    [Fact(Timeout = HangLimit)]
    public async Task Of_two_jobs_at_once_one_gets_the_clone_and_no_random_number_name_or_key_is_the_others()
    {
        const string First = "od -An -v -N32 -tx1 /dev/urandom; openssl rand -hex 16 2>/dev/null || head -c 16 /dev/urandom | od -An -tx1; cat /proc/sys/kernel/hostname /etc/machine-id";
        await FillAsync(2);

        var sessions = await Task.WhenAll(PrepareAsync(1911), PrepareAsync(1912), PrepareAsync(1913));

        sessions.Count(session => session.Trace.ToString().Contains("Took VM ", StringComparison.Ordinal)).Should().BeGreaterThanOrEqualTo(2, "the third may get one that was made meanwhile");
        Links().Select(link => new FileInfo(link).LinkTarget).Should().OnlyHaveUniqueItems();
        var said = new List<string[]>();
        foreach (var session in sessions)
        {
            said.Add((await SaysAsync(session, First)).Split('\n', StringSplitOptions.RemoveEmptyEntries));
            await ClockIsRightAsync(session);
        }

        said.SelectMany(lines => lines.Distinct()).Should().OnlyHaveUniqueItems();
        var handshakes = new List<SshKeyExchange>();
        foreach (var session in (int[])[1911, 1912, 1913])
        {
            handshakes.Add(await ExchangeKeysAsync(session));
        }

        handshakes.Select(handshake => handshake.PublicKey).Should().OnlyHaveUniqueItems();
        WantNone();
        await CleanUpAsync(sessions);
        await NothingWaitsAsync();
    }

    [Theory(Timeout = HangLimit)]
    [MemberData(nameof(Misses))]
    public async Task A_clone_that_is_not_as_it_should_be_is_given_to_no_job(Damage damage, string word)
    {
        var waiting = (await FillAsync(1)).Should().ContainSingle().Which;
        Want(1, damage == Damage.TooOld ? "1ms" : "1h");
        await DoAsync(damage, waiting);

        var session = await PrepareAsync(1920 + (int)damage);

        session.Trace.ToString().Should().Contain("no standby clone: ").And.NotContain("Took VM");
        JobRecord(1920 + (int)damage).GetProperty("standby_miss").GetString().Should().Be(word);
        (await SaysAsync(session, "cat /proc/sys/kernel/hostname")).Trim().Should().Be($"vmx-{JobKey(1920 + (int)damage)}");
        WantNone();
        await CleanUpAsync(session);
        await NothingWaitsAsync();
    }

    [Theory(Timeout = HangLimit)]
    [MemberData(nameof(KillMoments))]
    public async Task A_prepare_killed_at_any_moment_of_taking_leaves_a_clone_that_waits_or_nothing(int moment, bool byCleanup)
    {
        await FillAsync(1);
        var session = Bench.Open(new SimulatedJob { Id = 1940 + moment }, options => options with { GracefulKillTimeout = TimeSpan.Zero });
        await session.ConfigAsync();

        await session.PrepareAsync(Task.Delay(TimeSpan.FromMilliseconds(600.0 * moment / Moments)));

        if (byCleanup)
        {
            (await session.CleanupAsync()).ShouldSucceed();
        }
        else
        {
            session.Dispose();
            (await Bench.CommandAsync("gc")).ExitCode.Should().Be(0);
        }

        foreach (var clone in Waiting().Where(IsSetAside))
        {
            (await StateAsync($"vmx-{clone}")).Should().Be("paused", "what still waits was never touched");
        }

        Directory.GetDirectories(Path.Combine(Bench.StateDirectory, "jobs"), $"*-{1940 + moment}-*").Should().BeEmpty();
        WantNone();
        await NothingWaitsAsync();
        (await Bench.Leftovers.FindAsync()).Should().BeEmpty();
    }

    [Fact(Explicit = true, Timeout = HangLimit)]
    public async Task A_job_that_does_not_fit_beside_the_clones_that_wait_has_them_removed_and_does_not_wait()
    {
        Bench.Configure("limits:\n  max_vms: 2\n");
        var waiting = await FillAsync(2);
        waiting.Should().HaveCount(2);
        Want(2, "1ms");

        var session = await PrepareAsync(1951);

        session.Trace.ToString().Should().Contain("it has waited for more than 1ms").And.NotContain("waiting for");
        WantNone();
        await CleanUpAsync(session);
        await NothingWaitsAsync();
    }

    [Fact(Timeout = HangLimit)]
    public async Task Fill_and_drain_say_what_is_there_and_a_second_fill_makes_nothing_twice()
    {
        Want(1, "1h");
        (await Bench.CommandAsync("standby")).ExitCode.Should().Be(1);

        var fills = await Task.WhenAll(Bench.CommandAsync("standby", "fill"), Bench.CommandAsync("standby", "fill"));

        fills.Should().OnlyContain(fill => fill.ExitCode == 0);
        Waiting().Should().ContainSingle();
        var (exit, report, _) = await Bench.CommandAsync("standby", "--json");
        var line = JsonDocument.Parse(report).RootElement.GetProperty("standby")[0];
        (exit, line.GetProperty("wanted").GetInt32(), line.GetProperty("there").GetInt32()).Should().Be((0, 1, 1));
        line.GetProperty("waited_seconds").EnumerateArray().Should().ContainSingle().Which.GetDouble().Should().BeInRange(0, FillTakes.TotalSeconds);
        (await Bench.CommandAsync("list")).Output.Should().MatchRegex(@"standby for \d");
        var listed = JsonDocument.Parse((await Bench.CommandAsync("list", "--json")).Output).RootElement.GetProperty("jobs").EnumerateArray().Should().ContainSingle().Which;
        listed.GetProperty("waited_seconds").GetDouble().Should().BeGreaterThanOrEqualTo(line.GetProperty("waited_seconds")[0].GetDouble(), "it was asked later");
        (await Bench.CommandAsync("gc")).ExitCode.Should().Be(0);
        Waiting().Should().ContainSingle("a clone that waits is no leftover");
        (await Bench.CommandAsync("standby", "drain")).Output.Should().Contain("1 clone that waited for a job was removed");
        Waiting().Should().BeEmpty();
        (await Bench.Leftovers.FindAsync()).Should().BeEmpty();
    }

    /// <summary>The image wants so many, and they are made.</summary>
    /// <returns>Their domains.</returns>
    private Task<IReadOnlyList<string>> FillAsync(int count)
    {
        Want(count, "1h");
        return FillAsync();
    }

    private void Want(int count, string age) => Bench.With(
        new ImageYaml { WarmLimit = "120s", Further = ["standby:", string.Create(CultureInfo.InvariantCulture, $"  count: {count}"), $"  max_age: {age}"] });

    /// <summary>No fill that begins from now on makes new ones, and it removes those that wait.</summary>
    private void WantNone() => Bench.With(new ImageYaml { WarmLimit = "120s" });

    private async Task DoAsync(Damage damage, string domain)
    {
        var directory = Path.Combine(Bench.StateDirectory, "jobs", domain["vmx-".Length..]);
        switch (damage)
        {
            case Damage.QemuKilled:
                await HostCommand.OutputAsync("virsh", "-c", "qemu:///system", "destroy", domain);
                break;
            case Damage.MasterKilled:
                await HostCommand.OutputAsync("kill", "-KILL", Master(domain));
                break;
            case Damage.OverlayWritten:
                await using (var overlay = File.Open(Path.Combine(directory, "vda.qcow2"), FileMode.Append, FileAccess.Write, FileShare.ReadWrite))
                {
                    overlay.WriteByte(0);
                }

                break;
            case Damage.ResumedByHand:
                await HostCommand.OutputAsync("virsh", "-c", "qemu:///system", "resume", domain);
                break;
        }
    }

    /// <summary>The process id of a clone's ssh master.</summary>
    private string Master(string domain) => ProcessOf(domain, "master");

    /// <summary>The ssh client of the command that waits in the guest.</summary>
    private string Client(string domain) => ProcessOf(domain, "client");

    private string ProcessOf(string domain, string name) => JsonDocument.Parse(File.ReadAllText(Path.Combine(Bench.StateDirectory, "jobs", domain["vmx-".Length..], "job.json"))).RootElement
        .GetProperty("standby").GetProperty(name).GetProperty("pid").GetInt32().ToString(CultureInfo.InvariantCulture);

    private string JobKey(int id) => Links().Where(link => Path.GetFileName(link).Contains($"-{id}-", StringComparison.Ordinal))
        .Concat(Directory.GetDirectories(Path.Combine(Bench.StateDirectory, "jobs"), $"*-{id}-*")).Select(path => Path.GetFileName(path)!).Should().ContainSingle().Which;

    private string JobKeyOfLedger(int id) =>
        File.ReadLines(Path.Combine(Bench.StateDirectory, "ledger.jsonl")).Select(line => JsonDocument.Parse(line).RootElement.GetProperty("job").GetString()!)
            .Should().ContainSingle(key => key.Contains($"-{id}-", StringComparison.Ordinal)).Which;

    private static string? Stamp(string metadata) => (string?)System.Xml.Linq.XElement.Parse(metadata).Attribute("job");

    private Task<SshKeyExchange> ExchangeKeysAsync(int id)
    {
        var link = Links().FirstOrDefault(link => Path.GetFileName(link).Contains($"-{id}-", StringComparison.Ordinal));
        var guest = JsonDocument.Parse(File.ReadAllText(Path.Combine(link ?? JobDirectory(id), "job.json"))).RootElement.GetProperty("guest");
        return SshKeyExchange.WithAsync(guest.GetProperty("host").GetString()!, guest.GetProperty("port").GetInt32());
    }
}
