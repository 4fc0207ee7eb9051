using System.Diagnostics;
using System.Text.Json;
using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Images;
using VmExecutor.EndToEnd.Tests.Instruments;
using VmExecutor.RunnerSimulator.Jobs;
using VmExecutor.RunnerSimulator.Stages;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Cases;

/// <summary>Services of jobs that are VMs of their own: the small guest, which serves files with busybox.</summary>
[AlwaysCold("its machines have one more port than that of the tests' template")]
public sealed class ServiceVmTests(TestMachine machine) : BenchTest(machine)
{
    private static readonly string Web = WebWith("two 'words'");

    private static string WebWith(string word) => $$"""[{ "name": "web", "alias": "www, other", "variables": [{ "key": "WORD", "value": "{{word}}", "public": true }] }]""";

    /// <summary>A static busybox looks up no names.</summary>
    private static string Fetch(string name) => $"exec 3<>/dev/tcp/{name}/80; printf 'GET /said HTTP/1.0\\r\\n\\r\\n' >&3; tail -n 1 <&3";

    private readonly HashSet<string> _services = new(StringComparer.Ordinal);

    [Fact(Timeout = HangLimit)]
    public async Task A_job_reaches_a_service_that_is_a_VM_by_its_names_and_both_go_together()
    {
        WriteImages();
        var session = Bench.Open(new SimulatedJob { Id = 1710, Services = Web });
        await session.ConfigAsync();
        var prepare = await session.PrepareAsync();
        prepare.ShouldSucceed();
        var domains = await DomainsAsync();

        var run = await session.RunAsync(SubStages.BuildScript, string.Join('\n', Fetch("www"), Fetch("other"), Fetch("web")));
        var listed = await Bench.CommandAsync("list", "--json");
        var table = await Bench.CommandAsync("list");
        var entered = await Bench.CommandAsync("ssh", "1710", "--service", "www", "--", "sudo cat /run/vm-executor/service.env | grep ^WORD=; grep -c . /etc/hosts");
        var console = await Bench.CommandAsync("console", "1710", "--service", "other");
        var logs = await Bench.CommandAsync("logs", "1710", "--service", "www");
        var unknown = await Bench.CommandAsync("console", "1710", "--service", "none");
        var cleanup = await session.CleanupAsync();

        var service = domains.Single(domain => domain.StartsWith("vmx-service0-1710-", StringComparison.Ordinal));
        var log = prepare.OutputText + prepare.ErrorText;
        log.Should().MatchRegex($@"Service web \(www, other, web\) is up after \d+\.\d s, as VM {service} \(cold start\) at 198\.18\.0\.2, port 80");
        run.ShouldSucceed();
        run.OutputText.Should().Be(string.Concat(Enumerable.Repeat("two 'words'\n", 3)));
        var jobs = JsonDocument.Parse(listed.Output).RootElement.GetProperty("jobs").EnumerateArray().ToList();
        jobs.Select(job => (job.GetProperty("service").GetString(), job.GetProperty("state").GetString())).Should().Equal((null, "in_use"), ("www", "in_use"));
        jobs.Select(job => job.GetProperty("job").GetString()).Distinct().Should().ContainSingle();
        table.Output.Should().Contain("service www");
        entered.Output.Should().Be($"WORD='two '\\''words'\\'''\n1\n", entered.ToString());
        console.Output.Should().Contain("sshd started");
        logs.Output.Should().Contain("running");
        unknown.ExitCode.Should().NotBe(0);
        unknown.Error.Should().ContainAll("VMX1435", "www, other, web");
        cleanup.ShouldSucceed();
        (await DomainsAsync()).Should().BeEmpty();
        (await Bench.Leftovers.FindAsync()).Should().BeEmpty();
        var ledger = File.ReadAllLines(Path.Combine(Bench.StateDirectory, "ledger.jsonl"));
        ledger.Should().ContainSingle().Which.Should().ContainAll($"domain {service}", "domain vmx-");
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_service_whose_job_is_gone_is_a_leftover_and_one_whose_job_lives_is_not()
    {
        WriteImages();
        var session = Bench.Open(new SimulatedJob { Id = 1711, Services = Web });
        await session.ConfigAsync();
        (await session.PrepareAsync()).ShouldSucceed();
        var before = await DomainsAsync(1711);

        var inUse = await Bench.CommandAsync("gc");
        var afterFirst = await DomainsAsync(1711);

        // All of the job's own but its service: its VM and its directory.
        await HostCommand.OutputAsync("virsh", "-c", "qemu:///system", "destroy", before.Single(name => name.Contains(Bench.Token, StringComparison.Ordinal)));
        Directory.Delete(Directory.GetDirectories(Path.Combine(Bench.StateDirectory, "jobs"), $"{Bench.Token}-*").Single(), recursive: true);
        var collected = await Bench.CommandAsync("gc");

        inUse.ExitCode.Should().Be(0, inUse.ToString());
        afterFirst.Should().BeEquivalentTo(before).And.HaveCount(2);
        (collected.Output + collected.Error).Should().ContainAll("service0-1711-", "the job whose service it was is gone");
        (await DomainsAsync(1711)).Should().BeEmpty();
        (await session.CleanupAsync()).ShouldSucceed();
        (await Bench.Leftovers.FindAsync()).Should().BeEmpty();
    }

    [Theory(Timeout = HangLimit)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_prepare_that_is_killed_while_its_VMs_start_leaves_nothing_behind_cleanup_or_gc(bool byCollection)
    {
        WriteImages();
        var id = byCollection ? 1713 : 1712;
        var session = Bench.Open(new SimulatedJob { Id = id, Services = Web }, options => options with { GracefulKillTimeout = TimeSpan.Zero });
        await session.ConfigAsync();

        await session.PrepareAsync(Eventually.AskAsync(() => DomainsAsync(id), found => found.Count == 2, TimeSpan.FromMinutes(2)));

        var before = await DomainsAsync(id);
        if (byCollection)
        {
            // As the runner does after a cleanup, or a cleaner of /tmp after its death.
            session.Dispose();
            (await Bench.CommandAsync("gc")).ExitCode.Should().Be(0);
        }
        else
        {
            (await session.CleanupAsync()).ShouldSucceed();
        }

        before.Should().HaveCount(2);
        (await DomainsAsync(id)).Should().BeEmpty();
        (await Bench.Leftovers.FindAsync()).Should().BeEmpty();
    }

    [Fact(Explicit = true, Timeout = 1_800_000)]
    public async Task A_prepare_that_is_killed_at_any_moment_leaves_no_VM_of_the_job_or_its_service()
    {
        const int Moments = 20;
        WriteImages();
        var watch = Stopwatch.StartNew();
        var whole = Bench.Open(new SimulatedJob { Id = 1730, Services = Web });
        await whole.ConfigAsync();
        (await whole.PrepareAsync()).ShouldSucceed();
        var length = watch.Elapsed;
        (await whole.CleanupAsync()).ShouldSucceed();

        for (var moment = 1; moment <= Moments; moment++)
        {
            var session = Bench.Open(new SimulatedJob { Id = 1730 + moment, Services = Web }, options => options with { GracefulKillTimeout = TimeSpan.Zero });
            await session.ConfigAsync();
            var prepare = await session.PrepareAsync(Task.Delay(length * moment / Moments));
            _ = await DomainsAsync(1730 + moment);
            if (moment % 2 == 0)
            {
                session.Dispose();
                (await Bench.CommandAsync("gc")).ExitCode.Should().Be(0);
            }
            else
            {
                (await session.CleanupAsync()).ShouldSucceed();
            }

            (await DomainsAsync(1730 + moment)).Should().BeEmpty("moment {0}: {1}", moment, prepare);
            (await Bench.Leftovers.FindAsync()).Should().BeEmpty("moment {0}: {1}", moment, prepare);
        }
    }

    [Fact(Explicit = true, Timeout = HangLimit)]
    public async Task Two_jobs_at_once_reach_each_its_own_service_and_no_other()
    {
        WriteImages();
        var sessions = new[] { 1714, 1715 }.Select(id => (Id: id, Session: Bench.Open(new SimulatedJob { Id = id, Services = WebWith($"of {id}") }))).ToList();
        foreach (var (_, session) in sessions)
        {
            await session.ConfigAsync();
        }

        (await Task.WhenAll(sessions.Select(one => one.Session.PrepareAsync()))).ToList().ForEach(prepare => prepare.ShouldSucceed());
        var said = await Task.WhenAll(sessions.Select(one => one.Session.RunAsync(SubStages.BuildScript, $"{Fetch("www")}; busybox arping -c 4 -w 4 -I eth1 198.18.0.9 || echo alone; busybox arp -n | grep -c eth1")));

        foreach (var ((id, _), run) in sessions.Zip(said))
        {
            run.ShouldSucceed();
            run.OutputText.Should().StartWith($"of {id}\n").And.EndWith("1\n");
        }

        foreach (var (id, session) in sessions)
        {
            (await session.CleanupAsync()).ShouldSucceed();
            _services.Clear();
            (await DomainsAsync(id)).Should().BeEmpty();
        }

        (await Bench.Leftovers.FindAsync()).Should().BeEmpty();
    }

    [Fact(Explicit = true, Timeout = HangLimit)]
    public async Task A_service_that_is_not_ready_in_time_is_a_warning_and_a_host_that_never_has_room_for_all_says_so()
    {
        WriteImages("  ports: [80, 4711]", "services:\n  wait: 3s\n");
        var session = Bench.Open(new SimulatedJob { Id = 1716, Services = Web });
        await session.ConfigAsync();
        var prepare = await session.PrepareAsync();
        (await session.CleanupAsync()).ShouldSucceed();

        Bench.Configure("limits:\n  max_vms: 1\n");
        var refused = Bench.Open(new SimulatedJob { Id = 1717, Services = Web });
        await refused.ConfigAsync();
        var never = await refused.PrepareAsync();
        (await refused.CleanupAsync()).ShouldSucceed();

        prepare.ShouldSucceed();
        (prepare.OutputText + prepare.ErrorText).Should().MatchRegex(@"WARNING: service web \(www, other, web\), VM vmx-service0-1716-[0-9a-f]{6}, probably did not start properly: not open after 3 s: 4711\. Its last lines:");
        never.ExitCode.Should().Be(StageReading.SystemFailureExitCode);
        (never.OutputText + never.ErrorText).Should().ContainAll("needs 2 VMs at once, since 1 of its services are VMs", "'limits: max_vms'");
        (await Bench.Leftovers.FindAsync()).Should().BeEmpty();
    }

    [Fact(Explicit = true, Timeout = HangLimit)]
    public async Task Job_and_service_wake_up_from_templates_and_are_joined_then()
    {
        WriteImages(warm: true);
        foreach (var image in (string[])["small", "web"])
        {
            var published = await Bench.CommandAsync(["image", "publish", image, "--warm"], TimeSpan.FromMinutes(4));
            published.ExitCode.Should().Be(0, published.ToString());
        }

        var session = Bench.Open(new SimulatedJob { Id = 1718, Services = Web });
        await session.ConfigAsync();
        var prepare = await session.PrepareAsync();
        var run = await session.RunAsync(SubStages.BuildScript, Fetch("www"));
        (await session.CleanupAsync()).ShouldSucceed();

        prepare.ShouldSucceed();
        (prepare.OutputText + prepare.ErrorText).Should().Contain("(warm start) at 198.18.0.2").And.NotContain("cold start");
        run.ShouldSucceed();
        run.OutputText.Should().Be("two 'words'\n");
        (await Bench.Leftovers.FindAsync()).Should().BeEmpty();
    }

    [Theory(Timeout = HangLimit)]
    [InlineData(true)]
    [InlineData(false, Explicit = true)]
    public async Task A_trial_has_services_that_are_VMs_and_keeps_them_with_its_own(bool fromFile)
    {
        WriteImages();
        var file = Path.Combine(Bench.MakeDirectory("trial"), ".gitlab-ci.yml");
        await File.WriteAllTextAsync(
            file, $"test:\n  image: small\n  services: [{{name: web, alias: www, variables: {{WORD: tried}}}}]\n  script:\n    - \"{Fetch("www").Replace("\\", "\\\\", StringComparison.Ordinal)}\"\n", TestContext.Current.CancellationToken);

        var tried = fromFile ? await Bench.CommandAsync("try", "--gitlab-ci", file, "--job", "test", "--keep")
            : await Bench.CommandAsync("try", "small", "--service", "web,www", "--keep", "--", "bash", "-c", $"{Fetch("www")}; echo fetched");
        var kept = await HostCommand.LinesAsync("virsh", "-c", "qemu:///system", "list", "--name");
        var keys = Directory.GetDirectories(Path.Combine(Bench.StateDirectory, "jobs")).Select(path => Path.GetFileName(path)!).ToList();
        var job = keys.Single(key => key.StartsWith("try-", StringComparison.Ordinal));

        // The trial's process is gone, which would be the end of any other job.
        var collected = await Bench.CommandAsync("gc");
        var listed = await Bench.CommandAsync("list", "--json");
        var reached = await Bench.CommandAsync("ssh", job, "--", Fetch("www"));
        var entered = await Bench.CommandAsync("ssh", job, "--service", "www", "--", "cat /run/www/said");
        var stopped = await Bench.CommandAsync("stop", job);

        tried.ExitCode.Should().Be(0, tried.ToString());
        (tried.Output + tried.Error).Should().Contain("is up after").And.Contain(fromFile ? "tried\n" : "fetched\n");
        keys.Should().HaveCount(2);
        kept.Should().Contain(keys.Select(key => $"vmx-{key}"));
        collected.ExitCode.Should().Be(0, collected.ToString());
        JsonDocument.Parse(listed.Output).RootElement.GetProperty("jobs").EnumerateArray().Select(one => one.GetProperty("state").GetString()).Should().Equal("kept", "kept");
        reached.Output.Should().Be(fromFile ? "tried\n" : "\n", reached.ToString());
        entered.Output.Should().Be(reached.Output, entered.ToString());
        stopped.ExitCode.Should().Be(0, stopped.ToString());
        (await HostCommand.LinesAsync("virsh", "-c", "qemu:///system", "list", "--all", "--name")).Should().NotContain(keys.Select(key => $"vmx-{key}"));
        (await Bench.Leftovers.FindAsync()).Should().BeEmpty();
    }

    [Fact(Timeout = HangLimit)]
    public async Task The_VM_of_a_failed_job_is_kept_without_its_services()
    {
        WriteImages(job: "keep_failed: {for: 1h}");
        var session = Bench.Open(new SimulatedJob { Id = 1720, Services = Web });
        await session.ConfigAsync();
        (await session.PrepareAsync()).ShouldSucceed();
        var run = await session.RunAsync(SubStages.BuildScript, "exit 3");
        (await session.CleanupAsync()).ShouldSucceed();
        session.Dispose();
        var kept = await DomainsAsync(1720);

        // The runner's directory of the job is gone, as it is after each cleanup.
        var collected = await Bench.CommandAsync("gc");
        var entered = await Bench.CommandAsync("ssh", "1720", "--", "echo inside");
        var service = await Bench.CommandAsync("ssh", "1720", "--service", "www", "--", "true");
        var stopped = await Bench.CommandAsync("stop", "1720");

        run.ExitCode.Should().NotBe(0);
        kept.Should().ContainSingle().Which.Should().StartWith($"vmx-{Bench.Token}-1720-");
        collected.ExitCode.Should().Be(0, collected.ToString());
        entered.Output.Should().Be("inside\n", entered.ToString());
        service.ExitCode.Should().NotBe(0);
        service.Error.Should().Contain("VMX1435: the VM of service 'www' of job ").And.Contain(" is gone");
        stopped.ExitCode.Should().Be(0, stopped.ToString());
        (await Bench.Leftovers.FindAsync()).Should().BeEmpty();
    }

    private void WriteImages(string service = "  ports: [80]", string job = "", bool warm = false)
    {
        Bench.With(new ImageYaml { IsWarm = warm, Further = [job] });
        Bench.WriteImage("web", new ImageYaml
        {
            Name = "web",
            IsWarm = warm,
            Further =
            [
                "service:", service,
                """  start: 'mkdir /run/www && echo "$WORD" > /run/www/said && busybox httpd -p 80 -h /run/www'""",
            ],
        }.Write(Machine.Guest));
    }

    /// <summary>The domains of a job and of its services, as virsh tells.</summary>
    private async Task<IReadOnlyList<string>> DomainsAsync(int id = 1710)
    {
        var all = await HostCommand.LinesAsync("virsh", "-c", "qemu:///system", "list", "--all", "--name");
        return [.. all.Where(name => name.StartsWith($"vmx-{Bench.Token}-{id}-", StringComparison.Ordinal) || ServicesOf(id).Any(key => name == $"vmx-{key}"))];
    }

    /// <summary>The keys of a job's services, also those that were there before: they are noted while they are there.</summary>
    private HashSet<string> ServicesOf(int id)
    {
        var jobs = Path.Combine(Bench.StateDirectory, "jobs");
        foreach (var path in Directory.Exists(jobs) ? Directory.GetDirectories(jobs, $"service*-{id}-*") : [])
        {
            _services.Add(Path.GetFileName(path));
        }

        return _services;
    }
}
