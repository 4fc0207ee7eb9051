using System.Globalization;
using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Images;
using VmExecutor.EndToEnd.Tests.Instruments;
using VmExecutor.RunnerSimulator;
using VmExecutor.RunnerSimulator.Jobs;
using VmExecutor.RunnerSimulator.Stages;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Attacks;

/// <summary>
/// Root in a guest attacks the run of its own scripts: the end that the driver waits for, the files of a run, and the kept connection.
/// </summary>
[AlwaysWarm]
public sealed class ScriptAttackTests(TestMachine machine) : WarmTest(machine)
{
    private const int Id = 1631;

    // All sessions of the kept connection end with it; the listener stays.
    private const string CutConnection = "pkill -KILL -f '^sshd: root@|^sshd-session: root@'";

    private readonly Scorecard _scorecard = new();

    [Fact(Timeout = HangLimit)]
    public async Task Root_in_a_guest_fools_neither_the_run_of_its_scripts_nor_the_connection()
    {
        Bench.With(new ImageYaml { User = "root", WarmLimit = "120s" });
        await using var agent = await SshAgent.StartAsync(Bench.MakeDirectory("agent"), Machine.Guest.Key);
        var session = Bench.Open(new SimulatedJob { Id = Id }, options => options with { Environment = new Dictionary<string, string>(options.Environment) { ["SSH_AUTH_SOCK"] = agent.Socket } });
        await session.ConfigAsync();
        (await session.PrepareAsync()).ShouldSucceed();

        await ForgeTheEndAsync(session);
        await AskTheAgentAsync(session, agent);
        await EscapeAsync(session);
        await CloseHalfAsync(session);
        await PrintWithoutEndAsync(session);
        await StopTheWrapperAsync(session);
        await IgnoreSignalsAsync(session);
        await ReplaceTmpAsync(session);
        await ReplaceTheStatusAsync(session);
        await SetTheClockAsync(session);

        _scorecard.ShouldBeGreen();
        await CleanUpAsync(session);
        (await Bench.Leftovers.FindAsync()).Should().BeEmpty();
    }

    private async Task ForgeTheEndAsync(JobSession session)
    {
        const string Print = """printf '\0%s 0\n' "$t"; printf '\0%s 0\n' "$t" >&2; echo after; sleep 1; exit 7""";
        var other = await session.RunAsync(SubStages.BuildScript, $"case $VMX_RUN in *0) t=${{VMX_RUN%?}}1 ;; *) t=${{VMX_RUN%?}}0 ;; esac; {Print}");
        var own = await session.RunAsync(SubStages.BuildScript, $"t=$VMX_RUN; {Print}");
        _scorecard.Note("end-marker-forged", held: other.Reading.ExitCode == 7 && other.OutputText.Contains("after"), control: own.Reading.Verdict == Verdict.Success, $"{other}\n{own}");
    }

    private async Task AskTheAgentAsync(JobSession session, SshAgent agent)
    {
        const string Ask = "[ -S \"$SSH_AUTH_SOCK\" ] && ssh-add -l | grep -c ED25519";
        var run = await session.RunAsync(SubStages.BuildScript, $"{Ask} || true");
        var (_, byHand, _) = await HostCommand.TryAsync("env", [$"SSH_AUTH_SOCK={agent.Socket}", "ssh", "-A", .. ByHand(), Ask]);
        _scorecard.Note("agent-asked", held: run.OutputText.Length == 0, control: byHand == "1\n", $"{run}\n{byHand}");
    }

    /// <summary>The text of a script that would end the connection if ssh read it as typed at a terminal.</summary>
    private async Task EscapeAsync(JobSession session)
    {
        var run = await session.RunAsync(SubStages.BuildScript, "cat <<'END'\n~.\n~C\n~&\nEND\nexit 6");
        var (exitCode, output, _) = await HostCommand.TryAsync("sh", "-c", $"{{ printf '\\n~.\\n'; sleep 1; }} | ssh -tt -e '~' {string.Join(' ', ByHand())} 'cat; echo end'");
        _scorecard.Note("ssh-escape", held: run.Reading.ExitCode == 6 && run.OutputText == "~.\n~C\n~&\n", control: exitCode == 255 && !output.Contains("end"), $"{run}\n{exitCode}: {output}");
    }

    private async Task CloseHalfAsync(JobSession session)
    {
        var run = await session.RunAsync(SubStages.BuildScript, "exec > /dev/null; exec 1>&- 2>&- 0<&-; sleep 1; exit 7");
        _scorecard.Note("output-closed", held: run.Reading.ExitCode == 7, control: null, run.ToString());
    }

    /// <summary>The most memory that the driver's process has had while a script printed one line of 8 MB on each stream.</summary>
    private async Task PrintWithoutEndAsync(JobSession session)
    {
        var running = session.RunAsync(SubStages.BuildScript, "head -c 8000000 /dev/zero | tr '\\0' x | tee /dev/stderr; exit 9");
        long most = 0;
        while (!running.IsCompleted)
        {
            most = Math.Max(most, Peak(Machine.Driver.Program));
            await Task.WhenAny(running, Task.Delay(50));
        }

        var run = await running;
        _scorecard.Note(
            "output-without-end",
            held: run.Reading.ExitCode == 9 && run.StandardOutput.Length == 8_000_000 && run.StandardError.Length >= 8_000_000 && most is > 0 and < 100_000,
            control: null,
            string.Create(CultureInfo.InvariantCulture, $"{most} KiB, {run.StandardOutput.Length} and {run.StandardError.Length} bytes, exit code {run.Reading.ExitCode}"));
    }

    /// <summary>In KiB, of the driver's processes; 0: there is none.</summary>
    private static long Peak(string program)
    {
        long most = 0;
        foreach (var process in Directory.GetDirectories("/proc").Where(path => char.IsAsciiDigit(path[^1])))
        {
            try
            {
                if (File.ReadAllText($"{process}/cmdline").StartsWith(program, StringComparison.Ordinal))
                {
                    var line = File.ReadLines($"{process}/status").First(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
                    most = Math.Max(most, long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture));
                }
            }
            catch (Exception gone) when (gone is IOException or InvalidOperationException)
            {
                // The process has just ended.
            }
        }

        return most;
    }

    private async Task StopTheWrapperAsync(JobSession session)
    {
        var run = await session.RunAsync(
            SubStages.BuildScript, "kill -STOP $PPID; echo \"wrapper is $(ps -o stat= -p $PPID)\"; echo stopped-$((1+1)); sleep 1741", session.Trace.ContainsAsync("stopped-2"));
        var after = await session.RunAsync(SubStages.AfterScript, GuestProcesses.SayWhenNoneIsLeft("^sleep 1741", "nothing left"));
        _scorecard.Note(
            "wrapper-stopped",
            held: run.Interruption == Interruption.Canceled && run.Signals.All(signal => signal.Number == 15) && after.OutputText == "nothing left\n",
            control: run.OutputText.Contains("wrapper is T"),
            $"{run}\n{after}");
    }

    private async Task IgnoreSignalsAsync(JobSession session)
    {
        const string Ignore = "trap \"\" TERM INT HUP PIPE; setsid sh -c \"trap '' TERM INT HUP PIPE; exec sleep 1751\" & echo ignoring-$((1+1)); exec sleep 1751";
        var run = await session.RunAsync(SubStages.BuildScript, Ignore, session.Trace.ContainsAsync("ignoring-2"));
        var after = await session.RunAsync(SubStages.AfterScript, GuestProcesses.SayWhenNoneIsLeft("^sleep 1751", "nothing left"));

        // The client is ended as soon as the processes ignore signals.
        await HostCommand.TryAsync("bash", ["-c", "exec 3< <(exec ssh \"$@\"); read -r line <&3; kill $!; echo \"$line\"", "bash", .. ByHand(), Ignore]);
        var byHand = await session.RunAsync(SubStages.AfterScript, "pgrep -f '^sleep 1751' > /dev/null && echo left; pkill -KILL -f '^sleep 1751'; true");
        _scorecard.Note(
            "signals-ignored", held: run.Interruption == Interruption.Canceled && after.OutputText == "nothing left\n", control: byHand.OutputText == "left\n", $"{run}\n{after}\n{byHand}");
    }

    /// <summary>The place of the next script is a link to a directory that the job has filled with names like those of a run.</summary>
    private async Task ReplaceTmpAsync(JobSession session)
    {
        await session.RunAsync(
            SubStages.BuildScript,
            "mkdir -p /builds/trap; for i in $(seq 20); do ln -s /etc/passwd /builds/trap/vmx-$i-script; done; umount -l /tmp 2> /dev/null; mv /tmp /tmp.away; ln -s /builds/trap /tmp");
        var run = await session.RunAsync(SubStages.BuildScript, "echo \"own-$((1+1)) $(readlink /tmp)\"; rm /tmp; [ ! -d /tmp.away ] || mv /tmp.away /tmp; mkdir -p -m 1777 /tmp; exit 8");
        _scorecard.Note("tmp-replaced", held: run.Reading.ExitCode == 8 && run.OutputText.StartsWith("own-2"), control: run.OutputText.Contains("/builds/trap"), run.ToString());
    }

    /// <summary>
    /// The status file is believed after a lost connection, so the job may well choose its exit code by it. It must not choose more.
    /// </summary>
    private async Task ReplaceTheStatusAsync(JobSession session)
    {
        const string File = "f=${TMPDIR:-/tmp}/vmx-$VMX_RUN-status";
        var good = await session.RunAsync(SubStages.BuildScript, $"{File}; read -r u rest < /proc/uptime; echo \"5 $u.\" > $f; echo there. >> $f; sleep 1; {CutConnection}; sleep 20");
        var endless = await session.RunAsync(SubStages.BuildScript, $"{File}; head -c 3000000 /dev/zero | tr '\\0' 7 > $f; {CutConnection}; sleep 20");
        var link = await session.RunAsync(SubStages.BuildScript, $"{File}; ln -sf /etc/shadow $f; {CutConnection}; sleep 20");
        var after = await session.RunAsync(SubStages.AfterScript, "exit 4");
        _scorecard.Note(
            "status-replaced",
            held: IsLoss(endless) && IsLoss(link) && after.Reading.ExitCode == 4,
            control: good.Reading.ExitCode == 5,
            $"{good}\n{endless}\n{link}\n{after}");

        static bool IsLoss(StageRecord run) => run.ExitCode == StageReading.SystemFailureExitCode && run.ErrorText.Contains("VMX14") && !run.ErrorText.Contains("77777") && !run.ErrorText.Contains("root:");
    }

    private async Task SetTheClockAsync(JobSession session)
    {
        var told = new List<string>();
        var isRight = true;
        foreach (var (seconds, exit) in new[] { (1_000_000_000L, 3), (4_102_444_800L, 4) })
        {
            await session.RunAsync(SubStages.BuildScript, string.Create(CultureInfo.InvariantCulture, $"date -s @{seconds}"));
            var run = await session.RunAsync(SubStages.BuildScript, string.Create(CultureInfo.InvariantCulture, $"date +%Y; exit {exit}"));
            told.Add(run.OutputText.Trim());
            isRight &= run.Reading.ExitCode == exit;
        }

        _scorecard.Note("clock-set", held: isRight, control: told is ["2001", "2100"], string.Join(", ", told));
    }

    /// <summary>Arguments of a person's own ssh to the guest.</summary>
    private IReadOnlyList<string> ByHand() =>
    [
        "-F", "/dev/null", "-i", Machine.Guest.Key, "-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR",
        "-p", JobRecord(Id).GetProperty("guest").GetProperty("port").GetInt32().ToString(CultureInfo.InvariantCulture), "root@127.0.0.1",
    ];
}
