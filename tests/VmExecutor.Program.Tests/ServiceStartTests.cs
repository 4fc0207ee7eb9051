using System.Text;
using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Services;
using VmExecutor.Core.Values;
using VmExecutor.Observing;
using VmExecutor.Starting;
using Xunit;

namespace VmExecutor.Program.Tests;

/// <summary>The job log and the failures, by the words of a guest that starts services.</summary>
public sealed class ServiceStartTests : IDisposable
{
    private readonly FakeGuestShell _guest = new();
    private readonly StringWriter _log = new();
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("vmx-services-");

    public void Dispose()
    {
        _log.Dispose();
        _directory.Delete(recursive: true);
    }

    [Fact(Timeout = 60_000)]
    public async Task Each_service_that_answers_has_a_line_in_the_job_log()
    {
        await RunAsync("vmx-service:engine podman", "vmx-service:0 started 10.89.0.2", "vmx-service:1 up ", "vmx-service:0 up 5432", "vmx-service:done");

        _log.ToString().Should().Contain("Starting 2 services: postgres:16 (db, postgres), redis (redis)")
            .And.MatchRegex(@"Service postgres:16 \(db, postgres\) is up after \d+\.\d s, by podman, port 5432\n")
            .And.MatchRegex(@"Service redis \(redis\) is up after \d+\.\d s, by podman, which exposes no port to wait for\n")
            .And.NotContain("WARNING");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_service_that_does_not_answer_is_a_warning_with_its_last_lines_on_lines_of_their_own()
    {
        await RunAsync("vmx-service:engine podman", "vmx-service:0 down it ended with exit code 3", "vmx-service:0 log first \u001b[31m", "vmx-service:0 log second", "vmx-service:done");

        _log.ToString().Should().Contain("WARNING: service postgres:16 (db, postgres) probably did not start properly: it ended with exit code 3. Its last lines:\n").And.Contain("second")
            .And.Contain("service redis (redis) probably did not start properly: nothing is known of it").And.NotContain("\u001b");
    }

    [Theory(Timeout = 60_000)]
    [InlineData("0 not-pulled manifest unknown", 1432, "the image of service postgres:16 (db, postgres) could not be fetched as docker.io/library/postgres:16: manifest unknown")]
    [InlineData("1 not-started exec: no such file", 1433, "the container of service redis (redis) could not be started by podman: exec: no such file")]
    public async Task An_image_or_container_that_cannot_be_had_is_the_jobs_failure(string line, int code, string message)
    {
        var run = () => RunAsync("vmx-service:engine podman", $"vmx-service:{line}", "vmx-service:done");

        var failure = (await run.Should().ThrowAsync<BuildFailureException>()).Which;
        (failure.Code, failure.Message).Should().Be((new ErrorCode(code), message));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_guest_without_an_engine_is_a_warning_where_none_is_demanded()
    {
        await RunAsync("vmx-service:engine none");
        _log.ToString().Should().Contain("WARNING: no services are started here (postgres:16, redis): the guest has neither podman nor docker");

        var demanded = () => RunAsync(new ServiceSettings { Engine = ServiceEngine.Docker }, "vmx-service:engine none");
        (await demanded.Should().ThrowAsync<SystemFailureException>()).Which.Message.Should().Contain("has no docker");
    }

    [Theory(Timeout = 60_000)]
    [InlineData("docker does not work in the guest", "vmx-service:engine docker", "vmx-service:engine-fails Cannot connect")]
    [InlineData("podman does not work in the guest", "vmx-service:engine podman", "vmx-service:0 up 1")]
    [InlineData("ssh.user 'ci' may not become root", "sudo: a password is required")]
    public async Task Services_of_which_the_end_is_not_told_are_a_failure(string message, params string[] lines)
    {
        var run = () => RunAsync(lines);

        (await run.Should().ThrowAsync<SystemFailureException>()).Which.Message.Should().Contain(message);
    }

    [Theory(Timeout = 60_000)]
    [InlineData(null, "No such file or directory")]
    [InlineData("{", "it is no JSON document with 'auths'")]
    [InlineData("""{"credsStore": "x"}""", "it is no JSON document with 'auths'")]
    public async Task Logins_of_the_administrator_that_cannot_be_read_are_named(string? text, string reason)
    {
        var file = new AbsolutePath(Path.Combine(_directory.FullName, "registries.json"));
        if (text is not null)
        {
            await File.WriteAllTextAsync(file.Value, text, TestContext.Current.CancellationToken);
        }

        var run = () => RunAsync(new ServiceSettings { AuthFile = file }, "vmx-service:done");

        (await run.Should().ThrowAsync<SystemFailureException>()).Which.Message.Should().Contain(file.Value).And.Contain(reason);
        _guest.Calls.Should().BeEmpty();
    }

    [Fact(Timeout = 60_000)]
    public async Task Services_that_take_too_long_are_ended()
    {
        _guest.Gate = (_, after, token) => after ? Task.Delay(Timeout.InfiniteTimeSpan, token) : Task.CompletedTask;

        var run = () => RunAsync(new ServiceSettings { Timeout = TimeSpan.FromMilliseconds(50) }, "vmx-service:0 up 1");

        (await run.Should().ThrowAsync<SystemFailureException>()).Which.Message.Should().Contain("were not started within 50ms").And.Contain("(1 of 2 had not begun)");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_guest_that_dies_meanwhile_is_the_failure()
    {
        _guest.Gate = (_, after, token) => after ? Task.Delay(Timeout.InfiniteTimeSpan, token) : Task.CompletedTask;

        var run = () => RunAsync(new ServiceSettings(), _ => Task.FromException(new SystemFailureException(ErrorCodes.GuestDied, "it died", "")), "vmx-service:0 up 1");

        (await run.Should().ThrowAsync<SystemFailureException>()).Which.Code.Should().Be(ErrorCodes.GuestDied);
    }

    [Fact(Timeout = 60_000)]
    public async Task Images_for_a_template_must_all_be_there()
    {
        await PreloadAsync("vmx-service:engine podman", "vmx-service:0 up", "vmx-service:1 up", "vmx-service:done");
        var unknown = () => PreloadAsync("vmx-service:engine podman", "vmx-service:0 up", "vmx-service:1 not-pulled manifest unknown", "vmx-service:done");
        var none = () => PreloadAsync("vmx-service:engine none");

        (await unknown.Should().ThrowAsync<SystemFailureException>()).Which.Message.Should()
            .Be("the image 'redis' could not be fetched as docker.io/library/redis into the template of image 'base': manifest unknown");
        (await none.Should().ThrowAsync<SystemFailureException>()).Which.Message.Should().Contain("has neither podman nor docker");
    }

    private async Task PreloadAsync(params string[] lines)
    {
        _guest.Identity = _ => string.Join('\n', lines);
        using var world = new Faults.StageWorld();
        var image = world.Plan(Faults.StageWorld.Key).Image with { Services = new ServiceSettings { Preload = ["postgres:16", "redis"] } };
        await new ServiceStart(_guest, _ => null, TimeProvider.System).PreloadAsync(image, Access(image), TestContext.Current.CancellationToken);
    }

    private static GuestAccess Access(ImageDefinition image) =>
        new(new DomainName("vmx-1"), new GuestAddress("127.0.0.1", 1), new GuestUser("ci"), image.File, image.File, [], GuestShell.Bash);

    private Task RunAsync(params string[] lines) => RunAsync(new ServiceSettings(), lines);

    private Task RunAsync(ServiceSettings settings, params string[] lines) => RunAsync(settings, token => Task.Delay(Timeout.InfiniteTimeSpan, token), lines);

    private async Task RunAsync(ServiceSettings settings, Func<CancellationToken, Task> watch, params string[] lines)
    {
        _guest.Identity = _ => string.Join('\n', lines);
        var job = JobServices.Read(Encoding.UTF8.GetBytes("""{ "id": 1, "services": [{ "name": "postgres:16", "alias": "db" }, { "name": "redis" }] }"""));
        using var world = new Faults.StageWorld();
        var image = world.Plan(Faults.StageWorld.Key).Image with { Services = settings };
        await new ServiceStart(_guest, _ => null, TimeProvider.System).RunAsync(job, image, Access(image), watch, new JobLog(_log), TestContext.Current.CancellationToken);
    }
}
