using System.Diagnostics;
using System.Text;
using FluentAssertions;
using VmExecutor.Core.Guests;
using VmExecutor.RunnerSimulator.Jobs;
using VmExecutor.RunnerSimulator.Scripts;
using Xunit;

namespace VmExecutor.Host.Tests.Guests;

/// <summary>Scripts as GitLab Runner writes them for <c>shell: pwsh</c>, run by a real PowerShell.</summary>
public sealed class PowerShellTests(PowerShellFixture sshd) : IClassFixture<PowerShellFixture>, IAsyncLifetime
{
    private const string Hard = "ä é € 🙂 “a” „b” ‘c’ \u201a\u201b 'x' \"y\" $HOME `n #z {0} \\ %";

    private static readonly ScriptSettings Settings = new() { Shell = "pwsh" };

    private readonly DirectoryInfo _scratch = Directory.CreateTempSubdirectory("vmx-pwsh-");
    private readonly List<GuestAccess> _jobs = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Each PowerShell takes a second of a processor's time, so what differs little is in the thorough run.</summary>
    public static IEnumerable<TheoryDataRow<string>> Places() =>
        PowerShellFixture.Places.Select(place => new TheoryDataRow<string>(place) { Explicit = place is "ascii" or "posix" });

    /// <summary>Exit codes and commands that end with them.</summary>
    public static IEnumerable<TheoryDataRow<int, string>> Ends() =>
    [
        new(0, "Write-Output done"), new(7, "exit 7"), new(255, "exit 255"), new(7, "sh -c 'exit 7'"), new(1, "throw 'no'"), new(1, "if ("), new(137, "kill -9 $PID"),
        .. new (int Code, string Command)[]
        {
            (0, "exit 0"), (1, "exit 1"), (44, "exit 300"), (255, "exit -1"), (255, "sh -c 'exit 255'"), (137, "sh -c 'kill -9 $$'"), (1, "Write-Error 'no'"),
            (1, "Get-Item /no/such/file"), (1, "no-such-command-here"), (1, "[int]::Parse('x')"), (143, "kill -TERM $PID; Start-Sleep 60"),
        }
        .Select(end => new TheoryDataRow<int, string>(end.Code, end.Command) { Explicit = true }),
    ];

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (var job in _jobs)
        {
            await SshdFixture.CloseAsync(job);
        }

        _scratch.Delete(recursive: true);
    }

    [Theory(Timeout = 120_000)]
    [MemberData(nameof(Ends))]
    public async Task The_exit_code_is_the_scripts_own(int exitCode, string command)
    {
        var job = await OpenAsync();

        var (exit, output, error) = await RunAsync(job, [], ["Write-Output before", command, .. exitCode == 0 ? (string[])[] : ["Write-Output after"]]);

        exit.Should().Be(exitCode, output + error);
        output.Should().NotContain("\nafter\n");
    }

    [Theory(Timeout = 120_000)]
    [MemberData(nameof(Places))]
    public async Task Every_character_arrives_in_both_directions(string place)
    {
        var job = await OpenAsync(place);
        var plain = new JobVariable("HARD", Hard);

        var (exit, output, error) = await RunAsync(job, [plain, new("CERTIFICATE", Hard) { File = true }], [
            "Write-Output \"1 $HARD\"",
            "Write-Host \"2 $env:HARD\"",
            "[Console]::Error.WriteLine(\"3 $HARD\")",
            "sh -c 'printf \"4 %s\\n\" \"$HARD\"'",
            "\"5 $HARD\" | cat",
            "$said = sh -c 'printf %s \"$HARD\"'; Write-Output \"6 $said $($said -ceq $HARD)\"",
            "Write-Output \"7 $([IO.File]::ReadAllText($CERTIFICATE))\"",
            "# ä 🙂",
            "Write-Output '8 ä🙂'",
        ]);

        exit.Should().Be(0, output + error);
        foreach (var line in new[] { $"1 {Hard}", $"2 {Hard}", $"4 {Hard}", $"5 {Hard}", $"6 {Hard} True", $"7 {Hard}", "8 ä🙂" })
        {
            output.Should().Contain($"\n{line}\n");
        }

        error.Should().Be($"3 {Hard}\n");
    }

    [Fact(Timeout = 120_000)]
    public async Task Both_streams_are_kept_apart_and_in_order()
    {
        var job = await OpenAsync();

        var (exit, output, error) = await RunAsync(
            job, "Write-Output 1; sh -c 'echo 2; echo two >&2'; Write-Host 3; [Console]::Out.WriteLine(4); [Console]::Error.WriteLine('four'); sh -c 'echo 5'; $host.UI.WriteErrorLine('six'); 6; Write-Progress -Activity x -Status y; exit 3");

        (exit, output, error).Should().Be((3, "1\n2\n3\n4\n5\n6\n", "two\nfour\nsix\n"));
    }

    [Theory(Timeout = 120_000)]
    [MemberData(nameof(Places))]
    public async Task Nothing_is_added_to_the_output(string place) =>
        (await RunAsync(await OpenAsync(place), "[Console]::Out.Write('a')")).Should().Be((0, "a", ""));

    [Fact(Timeout = 120_000)]
    public async Task A_script_with_a_byte_order_mark_and_line_ends_of_Windows_runs()
    {
        var script = SimulatedScript.Write(Settings with { Shell = "powershell" }, Path.Combine(_scratch.FullName, "project.tmp"), [], ["Write-Output 'ä 🙂'", "exit 3"]);

        var (exit, output, error) = await RunAsync(await OpenAsync("latin1"), script);

        script.Should().StartWith("\ufeff& {\r\n");
        exit.Should().Be(3, output + error);
        output.Should().Contain("\nä 🙂\n");
    }

    [Fact(Timeout = 120_000)]
    public async Task A_script_of_a_megabyte_with_long_variables_runs_to_its_last_command()
    {
        var job = await OpenAsync();
        var value = string.Concat(Enumerable.Repeat("\"x\" $y `z` \\ é “ ", 6_000));
        JobVariable[] variables = [.. Enumerable.Range(1, 8).Select(number => new JobVariable($"LONG_{number}", value)), new("CERTIFICATE", value) { File = true }];

        var (exit, output, error) = await RunAsync(job, variables, [
            "if ($LONG_8 -cne [IO.File]::ReadAllText($CERTIFICATE)) { exit 9 }", $"$x = '{new string('x', 400_000)}'", "[Console]::Out.Write(\"$($x.Length) the end\"); exit 4",
        ]);

        exit.Should().Be(4, error);
        output.Should().EndWith("400000 the end");
    }

    [Fact(Timeout = 120_000)]
    public async Task A_script_that_reads_its_input_finds_the_end()
    {
        var job = await OpenAsync();

        var (exit, output, error) = await RunAsync(
            job, "Write-Output \"[$([Console]::In.ReadToEnd())]\"; sh -c 'wc -c | tr -d \" \"'; Write-Output \"[$($input | Out-String)]\"; try { Read-Host name } catch { Write-Output refused }");

        (exit, output, error).Should().Be((0, "[]\n0\n[]\nrefused\n", ""));
    }

    [Theory(Timeout = 120_000)]
    [InlineData("no-such-command-here")]
    [InlineData("throw 'no'")]
    [InlineData("if (")]
    public async Task An_error_message_names_the_sub_stage(string command)
    {
        var (exit, output, error) = await RunAsync(await OpenAsync(), [], [command]);

        exit.Should().Be(1, output + error);
        error.Should().Contain("step_script:").And.NotContain("vmx-");
    }

    [Theory(Timeout = 120_000)]
    [InlineData(LoginShell.Bash)]
    [InlineData(LoginShell.Other)]
    public async Task A_cancel_ends_all_that_the_script_has_started_and_the_guest_stays_usable(LoginShell loginShell)
    {
        var job = (await OpenAsync()) with { LoginShell = loginShell };
        var started = Path.Combine(_scratch.FullName, "started");
        Process.Start("mkfifo", [started]).WaitForExit();
        using var cancel = new CancellationTokenSource();
        var run = RunAsync(job, SimulatedScript.Write(Settings, Path.Combine(_scratch.FullName, "project.tmp"), [], [
            "$a = Start-Process sleep 321 -PassThru; $b = Start-Process setsid 'sleep 322' -PassThru; $c = Start-Job { $PID; sleep 323 }",
            "do { Start-Sleep -Milliseconds 50; $d = Receive-Job $c -Keep } until ($d)",
            "$e = sh -c 'sleep 324 >/dev/null 2>&1 & echo $!'",
            $"[IO.File]::WriteAllText('{started}', \"$PID $($a.Id) $($b.Id) $d $e`n\"); sleep 325",
        ]), cancel.Token);
        var ids = (await Task.Run(() => File.ReadAllText(started).Trim(), Cancellation)).Split(' ');
        ids.Should().HaveCount(5).And.OnlyContain(id => IsRunning(id));

        await cancel.CancelAsync();

        await run.Invoking(one => one).Should().ThrowAsync<OperationCanceledException>();
        while (ids.Any(IsRunning))
        {
            await Task.Delay(50, Cancellation);
        }

        (await RunAsync(job, [], ["Write-Output 'still here'; exit 3"])).Should().Match<(int Exit, string Output, string Error)>(
            after => after.Exit == 3 && after.Output.EndsWith("still here\n", StringComparison.Ordinal));
    }

    private static bool IsRunning(string processId) => Directory.Exists($"/proc/{processId}")
        && !File.ReadAllText($"/proc/{processId}/stat").Contains(") Z ", StringComparison.Ordinal);

    private async Task<GuestAccess> OpenAsync(string place = "usual")
    {
        var job = sshd.NewJob(place);
        _jobs.Add(job);
        return await sshd.Guest.OpenAsync(job, TimeSpan.FromSeconds(20), _ => Task.CompletedTask, Cancellation);
    }

    private Task<(int Exit, string Output, string Error)> RunAsync(GuestAccess job, IReadOnlyList<JobVariable> variables, IReadOnlyList<string> commands) =>
        RunAsync(job, SimulatedScript.Write(Settings, Path.Combine(_scratch.FullName, "project.tmp"), variables, commands));

    private async Task<(int Exit, string Output, string Error)> RunAsync(GuestAccess job, string script, CancellationToken? cancellation = null)
    {
        using var output = new MemoryStream();
        using var error = new MemoryStream();
        var run = await sshd.Guest.RunScriptAsync(
            job, new GuestScript("step_script", Encoding.UTF8.GetBytes(script)), output, error, token => Task.Delay(Timeout.InfiniteTimeSpan, token), cancellation ?? Cancellation);
        return (run.Exit.ExitCode, Encoding.UTF8.GetString(output.ToArray()), Encoding.UTF8.GetString(error.ToArray()));
    }
}
