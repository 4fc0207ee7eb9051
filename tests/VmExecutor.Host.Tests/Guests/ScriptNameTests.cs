using System.Text;
using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Guests;
using Xunit;

namespace VmExecutor.Host.Tests.Guests;

/// <summary>A script's error messages begin with the sub-stage's name, whichever shell runs it.</summary>
public sealed class ScriptNameTests(ShellsFixture sshd) : IClassFixture<ShellsFixture>, IAsyncLifetime
{
    /// <summary>An error in the script itself, in a function, in a subshell, of a builtin, and on the other stream.</summary>
    private const string Faulty =
        """
        #!/usr/bin/env sh
        no-such-1
        f() { no-such-2; }
        f
        ( no-such-3 ) 2>&1
        cd /dev/null/no-such-directory
        eval 'no-such-4'
        """;

    private readonly List<GuestAccess> _jobs = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (var job in _jobs)
        {
            await SshdFixture.CloseAsync(job);
        }
    }

    [Theory(Timeout = 120_000)]
    [InlineData("bash", "step_script: line 5: no-such-3: command not found", "step_script: line 2: no-such-1: command not found", LoginShell.Other)]
    [InlineData("bash", "step_script: line 5: no-such-3: command not found", "step_script: line 2: no-such-1: command not found", LoginShell.Bash)]
    [InlineData("dash", "step_script: 5: no-such-3: not found", "step_script: 2: no-such-1: not found", LoginShell.Other)]
    [InlineData("busybox", "step_script: line 5: no-such-3: not found", "step_script: line 2: no-such-1: not found", LoginShell.Other)]
    [InlineData("mksh", "step_script[5]: no-such-3:", "step_script[2]: no-such-1:", LoginShell.Other)]
    [InlineData("ksh93", "step_script[5]: no-such-3: not found", "step_script[2]: no-such-1: not found", LoginShell.Other)]
    [InlineData("zsh", "step_script:5: command not found: no-such-3", "step_script:2: command not found: no-such-1", LoginShell.Other)]
    public async Task An_error_message_begins_with_the_name_and_has_the_scripts_own_line(string shell, string onOutput, string onError, LoginShell loginShell)
    {
        var (output, error) = await RunAsync(shell, Faulty, loginShell);

        output.Should().Contain(onOutput);
        error.Should().Contain(onError).And.Contain("no-such-2").And.Contain("no-such-4").And.Contain("/dev/null/no-such-directory");
        (output + error).Should().NotContain("vmx-").And.NotContain(sshd.TemporaryDirectory);
    }

    [Theory(Timeout = 120_000)]
    [InlineData("bash")]
    [InlineData("dash")]
    [InlineData("busybox")]
    [InlineData("mksh")]
    [InlineData("ksh93")]
    [InlineData("zsh")]
    public async Task A_script_that_uses_its_path_finds_itself_and_prints_it_as_it_is(string shell)
    {
        var (output, error) = await RunAsync(shell, "echo \"$0\"\n[ -f \"$0\" ] && echo found\ngrep -c found \"$0\"\nexit 0\n");

        output.Should().MatchRegex($"^{sshd.TemporaryDirectory}/vmx-[0-9a-f]{{32}}-script\nfound\n2\n$");
        error.Should().BeEmpty();
    }

    [Fact(Timeout = 120_000)]
    public async Task Output_that_ends_like_the_beginning_of_the_path_arrives_while_the_script_runs()
    {
        var job = await OpenAsync("bash");
        var go = Path.Combine(sshd.TemporaryDirectory, "go");
        (await sshd.Tools.RunAsync(new("mkfifo", [go]), Cancellation)).EnsureSuccess();
        using var output = new FirstWrite();

        var run = sshd.Guest.RunScriptAsync(
            job, Script($"printf '%s' {sshd.TemporaryDirectory[..6]}; read -r word <{go}; exit 3"), output, Stream.Null, NeverDies, Cancellation);

        (await output.Seen).Should().Be(sshd.TemporaryDirectory[..6]);
        run.IsCompleted.Should().BeFalse();
        await File.WriteAllTextAsync(go, "go\n", Cancellation);
        (await run).Exit.ExitCode.Should().Be(3);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_message_that_is_cut_into_single_bytes_is_named_all_the_same() =>
        (await RunAsync("bash", "no-such 2>&1 | dd bs=1 status=none\n")).Output.Should().Be("step_script: line 1: no-such: command not found\n");

    private static GuestScript Script(string text) => new("step_script", Encoding.UTF8.GetBytes(text));

    private static Task NeverDies(CancellationToken cancellationToken) => Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);

    private async Task<(string Output, string Error)> RunAsync(string shell, string script, LoginShell loginShell = LoginShell.Other)
    {
        var job = await OpenAsync(shell);
        using var output = new MemoryStream();
        using var error = new MemoryStream();
        await sshd.Guest.RunScriptAsync(job with { LoginShell = loginShell }, Script(script), output, error, NeverDies, Cancellation);
        return (Encoding.UTF8.GetString(output.ToArray()), Encoding.UTF8.GetString(error.ToArray()));
    }

    private async Task<GuestAccess> OpenAsync(string shell)
    {
        if (!LoginShellFixture.IsHere(shell))
        {
            Assert.SkipUnless(System.Environment.GetEnvironmentVariable("CI") == "true", $"{shell} is missing: executor/setup --test-tools");
            Assert.Fail($"{shell} is missing: executor/setup --test-tools");
        }

        var job = sshd.NewJob(shell) with { Shell = GuestShell.Sh };
        _jobs.Add(job);
        return await sshd.Guest.OpenAsync(job, TimeSpan.FromSeconds(20), _ => Task.CompletedTask, Cancellation);
    }
}
