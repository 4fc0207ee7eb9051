using System.Text;
using FluentAssertions;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Host.Guests;
using Xunit;

namespace VmExecutor.Host.Tests.Guests;

/// <summary>The driver's command lines in every login shell, and the text that its start-up files print before.</summary>
public sealed class LoginShellTests(LoginShellFixture sshd) : IClassFixture<LoginShellFixture>, IAsyncLifetime
{
    private const string Text =
        """
        word='single "double" `back` $dollar !bang !! \n \\ \' a\
        %s 100% ~ * ä € '
        for part in "$word" 'end'; do
          printf '<%s>\n' "$part"
        done
        cat
        echo complaint >&2
        exit 7
        """;

    private readonly List<GuestAccess> _jobs = [];

    public static TheoryData<string> Shells => ["bash", "dash", "zsh", "mksh", "tcsh", "fish", "busybox sh"];

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
    [MemberData(nameof(Shells))]
    public async Task A_text_of_any_characters_reaches_sh_unharmed_and_start_up_files_are_not_part_of_its_answer(string shell)
    {
        var job = await OpenAsync(shell);

        var answer = await sshd.Guest.RunCommandAsync(job, Text.Replace("\\'", "'\\''"), new MemoryStream("in\0put\n"u8.ToArray()), Cancellation);

        answer.Should().Be(new GuestCommandResult(7, "<single \"double\" `back` $dollar !bang !! \\n \\\\ ' a\\\n%s 100% ~ * ä € >\n<end>\nin\0put\n", "complaint\n"));
    }

    [Theory(Timeout = 120_000)]
    [MemberData(nameof(Shells))]
    public async Task A_scripts_output_is_its_own_byte_for_byte(string shell)
    {
        var job = await OpenAsync(shell);
        using var output = new MemoryStream();
        using var error = new MemoryStream();

        var run = await sshd.Guest.RunScriptAsync(
            job, new GuestScript("step_script", "printf '\\000\\001vmx-begin:\\377'; echo e >&2; exit 9"u8.ToArray()), output, error, token => Task.Delay(Timeout.InfiniteTimeSpan, token), Cancellation);

        run.Should().Be(new ScriptRun(new ScriptExit(9)));
        output.ToArray().Should().Equal([0, 1, .. "vmx-begin:"u8, 255]);
        Encoding.UTF8.GetString(error.ToArray()).Should().Be("e\n");
    }

    [Theory(Timeout = 120_000)]
    [MemberData(nameof(Shells))]
    public async Task Lines_are_answered_while_they_come(string shell)
    {
        var job = await OpenAsync(shell);
        var lines = new List<string>();

        var answer = await sshd.Guest.ConverseAsync(
            job,
            "while read -r l; do\n  echo \"got $l!\"\n  [ \"$l\" != end ] || exit 3\ndone",
            "first\n",
            line =>
            {
                lines.Add(line);
                return line == "got first!" ? "end\n" : null;
            },
            Cancellation);

        answer.ExitCode.Should().Be(3);
        lines.Should().Equal("got first!", "got end!");
    }

    [Fact(Timeout = 120_000)]
    public async Task A_start_up_file_that_ends_the_shell_is_named_as_a_login_shell_that_runs_no_commands()
    {
        var job = sshd.NewJob("bash");
        _jobs.Add(job);
        await sshd.Guest.ConnectAsync(job, TimeSpan.FromSeconds(20), Alive, Cancellation);
        var rc = Path.Combine(sshd.HomeOf("bash"), ".bashrc");
        var before = await File.ReadAllTextAsync(rc, Cancellation);
        await File.WriteAllTextAsync(rc, "echo this account is closed; exit 0\n", Cancellation);
        try
        {
            var command = () => sshd.Guest.RunCommandAsync(job, "true", null, Cancellation);
            var script = () => sshd.Guest.RunScriptAsync(job, new GuestScript("step_script", "true"u8.ToArray()), Stream.Null, Stream.Null, token => Task.Delay(Timeout.InfiniteTimeSpan, token), Cancellation);

            foreach (var failure in (SystemFailureException[])[(await command.Should().ThrowAsync<SystemFailureException>()).Which, (await script.Should().ThrowAsync<SystemFailureException>()).Which])
            {
                failure.Code.Should().Be(ErrorCodes.GuestCannotRunScripts);
                failure.Message.Should().Contain("runs no commands").And.Contain("this account is closed");
            }
        }
        finally
        {
            await File.WriteAllTextAsync(rc, before, Cancellation);
        }
    }

    [Theory(Timeout = 120_000)]
    [InlineData("set -e")]
    [InlineData("set -u")]
    [InlineData("set -xv")]
    [InlineData("set -a")]
    [InlineData("set -C -f -o pipefail -o posix")]
    [InlineData("IFS=0123456789")]
    [InlineData("trap 'echo bye' EXIT; trap '' INT")]
    [InlineData("set -ET; trap 'echo debug' DEBUG; trap 'echo error >&2; exit 5' ERR")]
    [InlineData("shopt -s expand_aliases failglob; alias rm='rm -i' head='head -v' printf='echo' set='echo no'")]
    [InlineData("export LC_ALL=C.UTF-8")]
    [InlineData("readonly LC_ALL=C.UTF-8")]
    [InlineData("readonly IFS")]
    [InlineData("wc() { echo; }; read() { return 1; }; wait() { :; }; echo() { command echo echo; }; printf() { :; }")]
    public async Task Settings_of_a_bashrc_reach_neither_the_wrapper_nor_the_jobs_log(string settings)
    {
        var job = await OpenAsync("bash");
        job.LoginShell.Should().Be(LoginShell.Bash);
        var rc = Path.Combine(sshd.HomeOf("bash"), ".bashrc");
        var before = await File.ReadAllTextAsync(rc, Cancellation);
        await File.WriteAllTextAsync(rc, $"{settings}\n", Cancellation);
        try
        {
            foreach (var status in (int[])[0, 7])
            {
                using var output = new MemoryStream();
                using var error = new MemoryStream();
                var script = $"{(status == 0 ? "" : "# two characters of five bytes: ä€\n")}printf 'out\\n'; env | grep -E '^[a-z]='; sleep 60 >/dev/null & printf 'err\\n' >&2; exit {status}";

                var run = await sshd.Guest.RunScriptAsync(
                    job, new GuestScript("step_script", Encoding.UTF8.GetBytes(script)), output, error, token => Task.Delay(Timeout.InfiniteTimeSpan, token), Cancellation);

                run.Should().Be(new ScriptRun(new ScriptExit(status)));
                Encoding.UTF8.GetString(output.ToArray()).Should().Be("out\n");
                Encoding.UTF8.GetString(error.ToArray()).Should().Be("err\n");
            }
        }
        finally
        {
            await File.WriteAllTextAsync(rc, before, Cancellation);
        }
    }

    private static Task Alive(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task<GuestAccess> OpenAsync(string shell)
    {
        if (!LoginShellFixture.IsHere(shell))
        {
            Assert.SkipUnless(System.Environment.GetEnvironmentVariable("CI") == "true", $"{shell} is missing: executor/setup --test-tools");
            Assert.Fail($"{shell} is missing: executor/setup --test-tools");
        }

        var job = sshd.NewJob(shell);
        _jobs.Add(job);
        return await sshd.Guest.OpenAsync(job, TimeSpan.FromSeconds(20), Alive, Cancellation);
    }
}
