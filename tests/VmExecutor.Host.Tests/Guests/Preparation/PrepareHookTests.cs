using System.Text;
using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;
using VmExecutor.Host.Guests.Preparation;
using Xunit;

namespace VmExecutor.Host.Tests.Guests.Preparation;

/// <summary>Over a real ssh server.</summary>
public sealed class PrepareHookTests(SshdFixture sshd) : GuestTest(sshd)
{
    private readonly MemoryStream _output = new();
    private readonly MemoryStream _error = new();

    private string Script => File("hook.sh");

    [Fact(Timeout = 60_000)]
    public async Task A_hook_gets_its_variables_whatever_they_hold_and_its_output_is_relayed()
    {
        await HookAsync("#!/bin/sh\nprintf '<%s>' \"$A\"; echo oops >&2", """{"variables":[{"key":"A","value":"it's\n$(id) \\\" é"}]}""");

        Encoding.UTF8.GetString(_output.ToArray()).Should().Be("<it's\n$(id) \\\" é>");
        Encoding.UTF8.GetString(_error.ToArray()).Should().Be("oops\n");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_hook_that_fails_is_named_with_its_exit_code()
    {
        (await FailAsync("exit 7")).Message.Should().Contain(Script).And.Contain("exit code 7");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_hook_that_takes_too_long_is_ended()
    {
        (await FailAsync("sleep 50", TimeSpan.FromSeconds(1))).Message.Should().Contain(Script).And.Contain("did not end within 1s");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_hook_that_is_missing_is_named()
    {
        (await FailAsync(null)).Message.Should().Contain(Script).And.Contain("cannot be read");
    }

    private async Task<SystemFailureException> FailAsync(string? script, TimeSpan? timeout = null)
    {
        var failure = (await FluentActions.Awaiting(() => HookAsync(script, "{}", timeout)).Should().ThrowAsync<SystemFailureException>()).Which;
        failure.Code.Should().Be(ErrorCodes.PrepareHookFailed);
        return failure;
    }

    private Task HookAsync(string? script, string response, TimeSpan? timeout = null)
    {
        if (script is not null)
        {
            System.IO.File.WriteAllText(Script, script);
        }

        var hook = new HookSettings(new AbsolutePath(Script)) { Variables = ["A"], Timeout = timeout ?? TimeSpan.FromSeconds(50) };
        var variables = JobVariables.Read(Encoding.UTF8.GetBytes(response), hook.Variables);
        return new PrepareHook(Guest, TimeProvider.System).RunAsync(hook, Job, variables, _output, _error, _ => Task.CompletedTask, Cancellation);
    }
}
