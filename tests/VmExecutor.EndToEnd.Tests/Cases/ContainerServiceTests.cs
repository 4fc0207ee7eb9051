using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Images;
using VmExecutor.EndToEnd.Tests.Instruments;
using VmExecutor.RunnerSimulator.Jobs;
using VmExecutor.RunnerSimulator.Stages;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Cases;

/// <summary>
/// The way of a container service through the stages, in each run: the small guest has no engine, so a stand-in for podman runs programs of the guest itself. The real engines are in
/// <c>ServiceTests</c>, in the thorough run.
/// </summary>
public sealed class ContainerServiceTests(TestMachine machine) : BenchTest(machine)
{
    /// <summary>It is put into the guest, where it runs the words behind the image as a process.</summary>
    private const string Engine = """
        #!/bin/sh
        case "$1 $2" in
          'image inspect') case $5 in */web:1) echo 8080/tcp ;; *) exit 125 ;; esac ;;
          'pull '*) echo 'manifest unknown' >&2; exit 125 ;;
          'run '*)
            while [ "$1" != docker.io/library/web:1 ]; do
              case $1 in
                --name) container=$2 ;;
                --env-file) cp "$2" /tmp/env; chmod 0644 /tmp/env ;;
              esac
              shift
            done
            shift
            "$@" >"/tmp/$container.log" 2>&1 </dev/null &
            echo $! >"/tmp/$container.pid" ;;
          'inspect '*) echo "$(cat "/tmp/$4.pid") 127.0.0.1" ;;
          'logs '*) for last; do :; done; cat "/tmp/$last.log" ;;
          'exec '*) shift 3; exec "$@" ;;
        esac
        """;

    private const string Web = """{ "name": "web:1", "alias": "www", "command": ["sh", "-c", "echo it serves; exec busybox httpd -f -p 8080 -h /tmp"], "variables": [{ "key": "WORD", "value": "two 'words'" }] }""";

    [Fact(Timeout = HangLimit)]
    public async Task A_job_reaches_a_service_by_its_names_and_people_reach_it_too()
    {
        await GiveEngineAsync();
        var session = Bench.Open(new SimulatedJob { Id = 1790, Services = $"[{Web}]" });
        await session.ConfigAsync();
        var prepare = await session.PrepareAsync();
        prepare.ShouldSucceed();

        var run = await session.RunAsync(SubStages.BuildScript, "for name in www web; do exec 3<>/dev/tcp/$name/8080; printf 'GET /env HTTP/1.0\\r\\n\\r\\n' >&3; grep '^WORD=' <&3; done; test ! -e /run/vmx-services");
        var logs = await Bench.CommandAsync("logs", "1790", "--service", "web");
        var entered = await Bench.CommandAsync("ssh", "1790", "--service", "www", "--", "echo", "inside");
        var unknown = await Bench.CommandAsync("logs", "1790", "--service", "none");
        var cleanup = await session.CleanupAsync();

        (prepare.OutputText + prepare.ErrorText).Should().MatchRegex(@"Service web:1 \(www, web\) is up after \d+\.\d s, by podman, port 8080");
        run.ShouldSucceed();
        run.OutputText.Should().Be("WORD=two 'words'\nWORD=two 'words'\n");
        logs.Output.Should().Be("it serves\n", logs.ToString());
        entered.Output.Should().Be("inside\n", entered.ToString());
        unknown.ExitCode.Should().NotBe(0);
        unknown.Error.Should().ContainAll("VMX1435", "www, web");
        cleanup.ShouldSucceed();
    }

    [Fact(Timeout = HangLimit)]
    public async Task An_image_that_cannot_be_had_is_the_jobs_own_failure()
    {
        await GiveEngineAsync();

        var result = await Bench.RunJobAsync(new SimulatedJob { Id = 1791, Services = $$"""[{{Web}}, { "name": "none:1" }]""" });

        result.FailureReason.Should().Be(RunnerSimulator.FailureReason.ScriptFailure, result.ToString());
        result.TraceText.Should().Contain("VMX1432: the image of service none:1 (none) could not be fetched as docker.io/library/none:1: manifest unknown");
    }

    private async Task GiveEngineAsync()
    {
        var hook = Path.Combine(Bench.MakeDirectory("hooks"), "engine");
        await File.WriteAllTextAsync(hook, $"#!/bin/bash\nset -e\nsudo tee /usr/bin/podman > /dev/null <<'PROGRAM'\n{Engine}\nPROGRAM\nsudo chmod 0755 /usr/bin/podman\n", TestContext.Current.CancellationToken);
        Bench.With(new ImageYaml { Further = ["prepare_hook:", $"  script: {hook}"] });
    }
}
