using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.RunnerSimulator;
using VmExecutor.RunnerSimulator.Jobs;
using VmExecutor.RunnerSimulator.Stages;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Guests;

/// <summary>Services of jobs as containers of the real podman in a guest, with an image that a hook makes there.</summary>
[AlwaysCold("its guest is not the one that the tests' template is of")]
public sealed class ServiceTests(TestMachine machine) : BenchTest(machine)
{
    private const string Variant = "debian-podman";
    private const int LongHangLimit = 2_400_000;

    /// <summary>One static program, which serves files.</summary>
    private const string Hook =
        """
        set -e
        root=$(mktemp -d)
        mkdir "$root/bin"
        cp /bin/busybox "$root/bin/busybox"
        for name in sh env httpd wget id; do ln -s busybox "$root/bin/$name"; done
        echo hello > "$root/hello"
        tar --create --owner=0 --group=0 --directory="$root" . |
          sudo podman import --quiet --change 'ENV PATH=/bin' --change 'EXPOSE 8080/tcp' --change 'EXPOSE 8080/udp' --change 'CMD ["httpd", "-f", "-p", "8080", "-h", "/"]' - localhost/web:1
        """;

    [Fact(Explicit = true, Timeout = LongHangLimit)]
    public async Task A_job_reaches_its_services_by_their_names_and_is_told_of_those_that_do_not_answer()
    {
        await PublishAsync();

        var result = await Bench.RunJobAsync(new SimulatedJob
        {
            Id = 1701,
            Image = Variant,
            Variables =
            [
                new JobVariable("PUBLIC", "$WHOM's") { Public = true }, new JobVariable("WHOM", "job") { Public = true }, new JobVariable("SECRET", "s3cret-value"),
                new JobVariable("DOCKER_HOST", "tcp://docker:2375") { Public = true }, new JobVariable("PATH_OF_MANY", "one\ntwo") { Public = true },
            ],
            Services =
                """
                [
                  { "name": "localhost/web:1", "alias": "web" },
                  { "name": "localhost/web:1", "alias": "env, other", "entrypoint": ["sh", "-c"], "command": ["env > /env; id -u >> /env; exec httpd -f -p 9000 -h /"],
                    "variables": [{ "key": "HEALTHCHECK_TCP_PORT", "value": "9000" }, { "key": "OWN", "value": "two 'words' $WHOM" }] },
                  { "name": "localhost/web:1", "alias": "broken", "entrypoint": ["sh", "-c", "echo it is broken; exit 3"] },
                  { "name": "localhost/web:1", "alias": "deaf", "entrypoint": ["httpd"], "command": ["-f", "-p", "127.0.0.1:8080"], "pull_policy": ["never"] }
                ]
                """,
            Script =
            [
                "busybox wget -q -O - http://web:8080/hello | grep -x hello",
                "busybox wget -q -O - http://localhost__web:8080/hello | grep -x hello",
                "busybox wget -q -O - http://other:9000/env | tee /tmp/env",
                "grep -x \"PUBLIC=job's\" /tmp/env && grep -x \"OWN=two 'words' job\" /tmp/env && grep -x 'DOCKER_HOST=tcp://docker:2375' /tmp/env && grep -x two /tmp/env && grep -x 0 /tmp/env",
                "if grep s3cret /tmp/env; then exit 1; fi",
                "sudo podman exec vmx-service-1 wget -q -O - http://web:8080/hello | grep -x hello",
                "if sudo test -e /run/vmx-services; then exit 1; fi",
            ],
        });

        result.State.Should().Be(JobState.Success, result.ToString());
        var log = result.Last(Stage.Prepare).OutputText + result.Last(Stage.Prepare).ErrorText;
        log.Should().MatchRegex(@"Service localhost/web:1 \(web, localhost__web, localhost-web\) is up after \d+\.\d s, by podman, port 8080")
            .And.MatchRegex(@"Service localhost/web:1 \(env, other\) is up after \d+\.\d s, by podman, port 9000")
            .And.Contain("service localhost/web:1 (broken) probably did not start properly: it ended with exit code 3. Its last lines:").And.Contain("it is broken")
            .And.Contain("service localhost/web:1 (deaf) probably did not start properly: none of its ports was open after 10 s: 8080");
    }

    [Fact(Explicit = true, Timeout = LongHangLimit)]
    public async Task A_service_that_cannot_be_had_fails_the_job_and_is_not_tried_again()
    {
        await PublishAsync();

        var result = await Bench.RunJobAsync(new SimulatedJob { Id = 1702, Image = Variant, Services = """[{ "name": "localhost/web:1" }, { "name": "localhost:1/none:2", "alias": "db" }]""" });

        result.State.Should().Be(JobState.Failed, result.ToString());
        (result.Last(Stage.Prepare).OutputText + result.Last(Stage.Prepare).ErrorText).Should()
            .Contain("VMX1432: the image of service localhost:1/none:2 (db, localhost__none, localhost-none) could not be fetched as localhost:1/none:2:").And.Contain("connection refused");
    }

    private async Task PublishAsync()
    {
        var guest = await BuiltGuest.BuildAsync(Variant);
        var hook = Path.Combine(Bench.MakeDirectory("hook"), "hook");
        await File.WriteAllTextAsync(hook, Hook, TestContext.Current.CancellationToken);
        var yaml = new YamlSections(guest.ImageYaml(Variant));
        yaml.Add($"prepare_hook:\n  script: {hook}\nservices:\n  engine: podman\n  wait: 10s\n");
        Bench.With().WriteImage(Variant, yaml.ToString());
        (await Bench.CommandAsync(["image", "publish", Variant], TimeSpan.FromMinutes(15))).ExitCode.Should().Be(0);
    }
}
