using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Images;
using VmExecutor.EndToEnd.Tests.Instruments;
using VmExecutor.RunnerSimulator;
using VmExecutor.RunnerSimulator.Jobs;
using VmExecutor.RunnerSimulator.Stages;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Cases;

/// <summary>A runner of an ordinary user, with libvirt's session daemon: no root anywhere.</summary>
[AlwaysCold("its libvirt and its state directory are an ordinary user's; the template of one test is its own")]
public sealed class OrdinaryUserTests(TestMachine machine) : IAsyncLifetime
{
    private const string Odd = " ä ö";
    private static readonly Dictionary<string, string> Moved = new()
    {
        ["XDG_CONFIG_HOME"] = "x/c",
        ["XDG_DATA_HOME"] = "x/d",
        ["XDG_CACHE_HOME"] = "x/k",
        ["XDG_STATE_HOME"] = "x/s",
        ["XDG_RUNTIME_DIR"] = "x/r",
    };

    private BenchUser? _user;
    private Bench? _bench;
    private bool _isMounted;

    public ValueTask InitializeAsync()
    {
        machine.Require();
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        if (_user is null)
        {
            return;
        }

        await using (_user)
        {
            await using (_bench)
            {
            }

            if (_isMounted)
            {
                await HostCommand.OutputAsync("umount", "--lazy", _user.Home);
            }
        }
    }

    [Fact(Timeout = 300_000)]
    public async Task A_whole_job_runs_as_an_ordinary_user()
    {
        var bench = await UserAsync();
        await using var git = await GitServer.StartAsync(bench.MakeDirectory("git"), new Dictionary<string, string> { ["hello"] = "world\n" });
        var job = new SimulatedJob { Id = 71, Git = git.Source, Script = ["cat hello", "exit 6"], AfterScript = ["echo after-$((1+1))"] };

        var result = await bench.RunJobAsync(job);

        result.FailureReason.Should().Be(FailureReason.ScriptFailure, result.ToString());
        result.ExitCode.Should().Be(6, result.ToString());
        result.TraceText.Should().Contain("world\n").And.Contain("qemu:///session").And.Contain("after-2\n");
        result.Last(Stage.Cleanup).ExitCode.Should().Be(0, result.ToString());
    }

    /// <summary>Nothing in the home can be executed, its name has blanks and letters of two bytes, and all XDG directories are elsewhere.</summary>
    [Fact(Timeout = 600_000)]
    public async Task An_ordinary_users_clones_wake_up_from_a_template_of_its_own_in_an_odd_home()
    {
        var bench = await UserAsync(Odd, Moved, noExec: true, isWarm: true);
        var (exitCode, output, error) = await bench.CommandAsync("image", "publish", "small", "--warm");
        exitCode.Should().Be(0, output + error);

        var result = await bench.RunJobAsync(new SimulatedJob { Id = 72, Script = ["cat /proc/sys/kernel/hostname", "exit 6"] });

        result.ExitCode.Should().Be(6, result.ToString());
        result.TraceText.Should().Contain("qemu:///session").And.Contain($"\nvmx-{bench.Token}-72-");
        WarmProof.Cold(bench.StateDirectory).Should().BeEmpty(result.ToString());
        File.ReadLines(Path.Combine(bench.StateDirectory, "ledger.jsonl")).Should().ContainSingle();
    }

    [Theory(Explicit = true, Timeout = 300_000)]
    [InlineData("", true, false)]
    [InlineData(Odd, false, false)]
    [InlineData("", false, true)]
    public async Task A_whole_job_runs_from_each_kind_of_home(string suffix, bool noExec, bool moved)
    {
        var bench = await UserAsync(suffix, moved ? Moved : null, noExec);

        var result = await bench.RunJobAsync(new SimulatedJob { Id = 73, Script = ["echo in-$((1+1))", "exit 6"] });

        result.ExitCode.Should().Be(6, result.ToString());
        result.TraceText.Should().Contain("in-2\n");
    }

    [Fact(Timeout = 300_000)]
    public async Task A_home_whose_path_is_too_long_for_sockets_is_told_with_the_remedy_by_the_job_and_by_doctor()
    {
        const string Variable = "XDG_CONFIG_HOME";
        var bench = await UserAsync(new string('x', 30));
        var session = bench.Open(new SimulatedJob { Id = 74 });
        await session.ConfigAsync();

        var prepare = await session.PrepareAsync();

        await session.CleanupAsync();
        prepare.ExitCode.Should().Be(StageReading.SystemFailureExitCode, prepare.ToString());
        (prepare.OutputText + prepare.ErrorText).Should().Contain(_user!.Home).And.Contain($"What to do: Set {Variable} to a directory");
        var doctor = await DoctorReport.OfAsync(bench);
        doctor.ExitCode.Should().Be(2, doctor.Text);
        doctor.Findings.Should().Contain(one => one.Check == "socket" && one.Status == "problem" && one.Fix!.Contains(Variable), doctor.Text);
    }

    [Fact(Explicit = true, Timeout = 300_000)]
    public async Task A_service_of_an_ordinary_user_is_a_VM_beside_the_jobs()
    {
        var bench = await UserAsync();
        bench.With(new ImageYaml { KeyFile = _user!.KeyFile });
        bench.WriteImage("web", new ImageYaml
        {
            Name = "web",
            KeyFile = _user.KeyFile,
            Further = ["service:", "  ports: [80]", "  start: 'mkdir /run/www && echo \"$WORD\" > /run/www/said && busybox httpd -p 80 -h /run/www'"],
        }.Write(machine.Guest));
        _user.Own(_user.Home);

        var result = await bench.RunJobAsync(new SimulatedJob
        {
            Id = 75,
            Services = """[{ "name": "web", "alias": "www", "variables": [{ "key": "WORD", "value": "of-a-session", "public": true }] }]""",
            Script = ["exec 3<>/dev/tcp/www/80; printf 'GET /said HTTP/1.0\\r\\n\\r\\n' >&3; tail -n 1 <&3"],
        });

        result.State.Should().Be(JobState.Success, result.ToString());
        result.TraceText.Should().Contain("qemu:///session").And.MatchRegex(@"Service web \(www, web\) is up after \d+\.\d s, as VM vmx-service0-75-[0-9a-f]{6} \(cold start\)").And.Contain("\nof-a-session\n");
        result.Last(Stage.Cleanup).ExitCode.Should().Be(0, result.ToString());
    }

    /// <summary>A runner of a user with such a home.</summary>
    private async Task<Bench> UserAsync(string suffix = "", IReadOnlyDictionary<string, string>? xdg = null, bool noExec = false, bool isWarm = false)
    {
        _user = await BenchUser.CreateAsync(machine.Guest, suffix, xdg);
        if (noExec)
        {
            await HostCommand.OutputAsync("mount", "--bind", _user.Home, _user.Home);
            _isMounted = true;
            await HostCommand.OutputAsync("mount", "-o", "remount,bind,noexec,nosuid,nodev", _user.Home);
        }

        _bench = new Bench(machine, _user).With(new ImageYaml { KeyFile = _user.KeyFile, IsWarm = isWarm });
        _user.Own(_user.Home);
        return _bench;
    }
}
