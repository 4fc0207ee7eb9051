using System.Text.RegularExpressions;
using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Instruments;
using VmExecutor.RunnerSimulator;
using VmExecutor.RunnerSimulator.Jobs;
using VmExecutor.RunnerSimulator.Stages;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Guests;

/// <summary>Services of jobs as containers of the real podman in a guest, with images of a real registry: redis, postgres and a web server, made from Debian's packages.</summary>
[AlwaysCold("its guest is not the one that the tests' template is of")]
public sealed class ServiceTests(TestMachine machine, PodmanGuest guest) : StandbyTest(machine), IClassFixture<PodmanGuest>
{
    private const string Variant = "debian-podman";
    private const int LongHangLimit = 2_400_000;

    private static readonly int Moments = Thoroughness.Of(10, few: 2);
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    public enum Then
    {
        Cleanup,
        Collection,
    }

    public static TheoryData<int, Then> KillMoments { get; } = new(Enumerable.Range(0, Moments).Select(moment => (moment, (Then)(moment % 2))));

    [Theory(Explicit = true, Timeout = LongHangLimit)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_python_job_with_postgres_and_redis_passes_by_try_and_under_the_runner(bool warm)
    {
        await guest.GiveToAsync(Bench, warm);
        var project = Bench.MakeDirectory("project-of-python");
        await using var server = await GitServer.StartAsync(project, PythonProject.Files(Variant));
        var before = guest.Registry.Requests().Count;

        var tried = await Bench.CommandAsync(["try", "--gitlab-ci", Path.Combine(project, "project/.gitlab-ci.yml"), "--job", "test"], TimeSpan.FromMinutes(15));
        var run = await Bench.RunJobAsync(PythonProject.Job(1701, Variant, server.Source));

        tried.ExitCode.Should().Be(0, tried.ToString());
        tried.Output.Should().Contain(PythonProject.Said);
        run.State.Should().Be(JobState.Success, run.ToString());
        run.Last(Stage.Run, SubStages.BuildScript).OutputText.Should().Contain(PythonProject.Said);
        (guest.Registry.Requests().Count > before).Should().Be(!warm, "a template has the images");
        foreach (var log in new[] { tried.Output + tried.Error, Log(run) })
        {
            log.Should().MatchRegex(@"Service postgres:15 \(postgres\) is up after \d+\.\d s, by podman, port 5432").And.MatchRegex(@"Service redis:7 \(redis\) is up after \d+\.\d s, by podman, port 6379");
            TestContext.Current.SendDiagnosticMessage($"warm: {warm}; {Seconds(log)}");
        }
    }

    [Fact(Explicit = true, Timeout = LongHangLimit)]
    public async Task A_standby_clone_has_the_images_and_starts_the_services_of_its_job()
    {
        await guest.GiveToAsync(Bench);
        Bench.WriteImage(Variant, File.ReadAllText(Bench.ImageFile(Variant)) + "standby:\n  count: 1\n");
        var waiting = (await FilledAsync(1)).Should().ContainSingle().Which;
        var before = guest.Registry.Requests().Count;

        var result = await Bench.RunJobAsync(new SimulatedJob { Id = 1702, Image = Variant, Services = """[{ "name": "redis:7" }]""", Script = [ServiceClient.Ping("redis")] });

        Bench.WriteImage(Variant, File.ReadAllText(Bench.ImageFile(Variant)).Replace("  count: 1\n", "  count: 0\n", StringComparison.Ordinal));
        result.State.Should().Be(JobState.Success, result.ToString());
        Log(result).Should().Contain($"Took VM {waiting}").And.MatchRegex(@"Service redis:7 \(redis\) is up after");
        guest.Registry.Requests().Count.Should().Be(before);
        TestContext.Current.SendDiagnosticMessage(Seconds(Log(result)));
        await NothingWaitsAsync();
    }

    [Fact(Explicit = true, Timeout = LongHangLimit)]
    public async Task A_private_registry_gives_its_images_for_a_login_of_the_job_or_of_the_administrator_and_else_is_quoted()
    {
        var file = Path.Combine(Bench.MakeDirectory("logins"), "config.json");
        await File.WriteAllTextAsync(file, ContainerRegistry.Login(), TestContext.Current.CancellationToken);
        const string Service = $$"""[{ "name": "{{ContainerRegistry.Private}}/group/redis:7", "alias": "cache" }]""";
        var job = new SimulatedJob { Image = Variant, Services = Service, Script = [ServiceClient.Ping("cache"), "if sudo test -e /run/vmx-services; then exit 1; fi", "if sudo test -e /root/.docker; then exit 1; fi"] };
        JobVariable Login(string text) => new("DOCKER_AUTH_CONFIG", text);

        await guest.GiveToAsync(Bench);
        var ofJob = await Bench.RunJobAsync(job with { Id = 1703, Variables = [Login(ContainerRegistry.Login())] });
        var wrong = await Bench.RunJobAsync(job with { Id = 1704, Variables = [Login(ContainerRegistry.Login("guessed"))] });
        var none = await Bench.RunJobAsync(job with { Id = 1705 });
        await guest.GiveToAsync(Bench, warm: true, $"auth_file: {file}");
        var ofAdministrator = await Bench.RunJobAsync(job with { Id = 1706 });

        ofJob.State.Should().Be(JobState.Success, ofJob.ToString());
        ofAdministrator.State.Should().Be(JobState.Success, ofAdministrator.ToString());
        foreach (var refused in new[] { wrong, none })
        {
            refused.State.Should().Be(JobState.Failed, refused.ToString());
            Log(refused).Should().Contain("VMX1432").And.MatchRegex("unauthorized|authentication required").And.NotContain("guessed");
        }
    }

    [Fact(Explicit = true, Timeout = LongHangLimit)]
    public async Task A_service_that_does_not_come_up_is_a_warning_with_its_last_lines_and_the_job_goes_on()
    {
        await guest.GiveToAsync(Bench, warm: true, "wait: 10s");

        var result = await Bench.RunJobAsync(new SimulatedJob
        {
            Id = 1709,
            Image = Variant,
            Services =
                """
                [
                  { "name": "web:1", "alias": "broken", "entrypoint": ["sh", "-c", "echo it is broken; exit 3"] },
                  { "name": "web:1", "alias": "deaf", "entrypoint": ["httpd"], "command": ["-f", "-p", "127.0.0.1:8080"] },
                  { "name": "postgres:15" }
                ]
                """,
            Script = ["true"],
        });

        result.State.Should().Be(JobState.Success, result.ToString());
        Log(result).Should()
            .Contain("service web:1 (broken, web) probably did not start properly: it ended with exit code").And.Contain("it is broken")
            .And.Contain("service web:1 (deaf) probably did not start properly: none of its ports was open after 10 s: 8080")
            .And.Contain("service postgres:15 (postgres) probably did not start properly: it ended with exit code")
            .And.Contain("superuser password is not specified");
    }

    [Theory(Explicit = true, Timeout = LongHangLimit)]
    [InlineData("none:1", "manifest unknown")]
    [InlineData("redis:none", "manifest unknown")]
    [InlineData("localhost:1/none:2", "connection refused")]
    public async Task An_image_that_cannot_be_had_fails_the_job_with_the_answer_of_its_registry(string image, string answer)
    {
        await guest.GiveToAsync(Bench);

        var result = await Bench.RunJobAsync(new SimulatedJob { Id = 1707, Image = Variant, Services = $$"""[{ "name": "redis:7" }, { "name": "{{image}}", "alias": "db" }]""" });

        result.State.Should().Be(JobState.Failed, result.ToString());
        Log(result).Should().Contain($"VMX1432: the image of service {image} (db").And.Contain(answer);
    }

    [Fact(Explicit = true, Timeout = LongHangLimit)]
    public async Task A_job_that_is_cancelled_while_an_image_is_fetched_ends_soon_and_leaves_nothing()
    {
        await guest.GiveToAsync(Bench);
        var asked = guest.Registry.SilentIsAskedAsync();
        var session = Bench.Open(new SimulatedJob { Id = 1708, Image = Variant, Services = $$"""[{ "name": "redis:7" }, { "name": "{{ContainerRegistry.Silent}}/x:1" }]""" });
        await session.ConfigAsync();

        var prepare = await session.PrepareAsync(asked);
        var cleanup = await session.CleanupAsync();

        asked.IsCompleted.Should().BeTrue();
        prepare.Signals.Should().NotBeEmpty();
        prepare.ExitCode.Should().Be(StageReading.SystemFailureExitCode, prepare.ToString());
        (prepare.Duration - prepare.Signals[0].After).Should().BeLessThan(Soon, prepare.ToString());
        cleanup.ShouldSucceed();
        (await Bench.Leftovers.FindAsync()).Should().BeEmpty();
    }

    [Theory(Explicit = true, Timeout = LongHangLimit)]
    [MemberData(nameof(KillMoments))]
    public async Task A_prepare_that_is_killed_while_images_are_fetched_and_services_start_leaves_nothing(int moment, Then then)
    {
        await guest.GiveToAsync(Bench);
        var session = Bench.Open(
            new SimulatedJob { Id = 1720 + moment, Image = Variant, Services = """[{ "name": "redis:7" }, { "name": "web:1", "pull_policy": ["always"] }]""" },
            options => options with { GracefulKillTimeout = TimeSpan.Zero });
        await session.ConfigAsync();

        var prepare = await session.PrepareAsync(Task.Run(async () =>
        {
            await session.Trace.ContainsAsync("Starting 2 services");
            await Task.Delay(TimeSpan.FromSeconds(moment));
        }));

        (await Bench.Leftovers.FindAsync()).Should().NotBeEmpty("the VM was running when prepare was killed");
        if (then == Then.Cleanup)
        {
            (await session.CleanupAsync()).ShouldSucceed();
        }
        else
        {
            // As the runner does after a cleanup, or a cleaner of /tmp after its death.
            session.Dispose();
            (await Bench.CommandAsync("gc")).ExitCode.Should().Be(0);
        }

        prepare.OutputText.Should().Contain("Starting 2 services");
        (await Bench.Leftovers.FindAsync()).Should().BeEmpty();
    }

    private static string Log(JobResult result) => result.Last(Stage.Prepare).OutputText + result.Last(Stage.Prepare).ErrorText;

    private static string Seconds(string log) => string.Join("; ", Regex.Matches(log, @"Service \S+ .* is up after (?<s>\d+\.\d) s|Ready after .*").Select(match => match.Value));

}

/// <summary>The same by docker.</summary>
[AlwaysCold("its guest is not the one that the tests' template is of")]
public sealed class DockerServiceTests(TestMachine machine, DockerGuest guest) : BenchTest(machine), IClassFixture<DockerGuest>
{
    [Fact(Explicit = true, Timeout = 2_400_000)]
    public async Task A_python_job_with_postgres_and_redis_passes_with_docker()
    {
        await guest.GiveToAsync(Bench);
        await using var server = await GitServer.StartAsync(Bench.MakeDirectory("project-of-python"), PythonProject.Files("debian-docker"));

        var run = await Bench.RunJobAsync(PythonProject.Job(1750, "debian-docker", server.Source));

        run.State.Should().Be(JobState.Success, run.ToString());
        run.Last(Stage.Run, SubStages.BuildScript).OutputText.Should().Contain(PythonProject.Said);
        var log = run.Last(Stage.Prepare).OutputText;
        log.Should().MatchRegex(@"Service postgres:15 \(postgres\) is up after \d+\.\d s, by docker, port 5432").And.MatchRegex(@"Service redis:7 \(redis\) is up after \d+\.\d s, by docker, port 6379");
        TestContext.Current.SendDiagnosticMessage(log);
    }
}
