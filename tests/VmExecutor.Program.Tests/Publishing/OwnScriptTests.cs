using System.Text;
using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Values;
using VmExecutor.Program.Tests.Faults;
using VmExecutor.Publishing;
using Xunit;

namespace VmExecutor.Program.Tests.Publishing;

/// <summary>The output of a script of the driver's own is kept up to a limit, whatever the guest sends.</summary>
public sealed class OwnScriptTests
{
    private const int Longest = 1 << 20;

    private static GuestAccess Access { get; } = new(
        new DomainName("vmx-probe-1-abcdef"), new GuestAddress("127.0.0.1", 22), new GuestUser("ci"), new AbsolutePath("/k"), new AbsolutePath("/d"), [], GuestShell.Sh);

    [Theory(Timeout = 60_000)]
    [InlineData("printf said; exit 3", 3, 4)]
    [InlineData("exit 0", 0, 0)]
    [InlineData("head -c 1048576 /dev/zero", 0, Longest)]
    public async Task Output_up_to_the_limit_is_told_with_the_exit_code(string script, int exitCode, int length)
    {
        var (exit, output) = await CaptureAsync((text, to) => HostShell.RunAsync("sh", text, to), script);

        exit.ExitCode.Should().Be(exitCode);
        output.Should().HaveLength(length);
    }

    [Theory(Timeout = 60_000)]
    [InlineData(Longest + 1)]
    [InlineData(200 * 1024 * 1024)]
    public async Task Output_beyond_the_limit_is_named_with_its_script(int length)
    {
        var sent = 0;
        var capture = () => CaptureAsync(
            async (_, to) =>
            {
                for (var block = new byte[64 * 1024 + 1]; sent < length; sent += block.Length)
                {
                    await to.WriteAsync(block.AsMemory(0, Math.Min(block.Length, length - sent)));
                }

                return new ScriptExit(0);
            },
            "true");

        var failure = (await capture.Should().ThrowAsync<SystemFailureException>()).Which;
        failure.Code.Should().Be(ErrorCodes.GuestAnswerTooLong);
        failure.Message.Should().StartWith("the probe printed more than 1 MiB in the guest ");
        sent.Should().BeLessThanOrEqualTo(Longest + (64 * 1024) + 1, "the first byte beyond ends it");
    }

    [Fact(Timeout = 60_000)]
    public async Task Output_beyond_the_limit_is_named_also_where_the_shell_says_nothing_of_it()
    {
        var capture = () => CaptureAsync(
            async (_, to) =>
            {
                try
                {
                    await to.WriteAsync(new byte[Longest + 1]);
                }
                catch (IOException)
                {
                    // As a shell whose reader is gone.
                }

                return new ScriptExit(141);
            },
            "true");

        (await capture.Should().ThrowAsync<SystemFailureException>()).Which.Code.Should().Be(ErrorCodes.GuestAnswerTooLong);
    }

    private static async Task<(ScriptExit Exit, string Output)> CaptureAsync(Func<ReadOnlyMemory<byte>, Stream, Task<ScriptExit>> script, string text)
    {
        using var machine = TestMachine.Of(TestMachine.Settings(new AbsolutePath("/state")), new FakeGuestShell { Script = script });
        return await new OwnScript(machine).CaptureAsync(
            Access, new GuestScript("probe", Encoding.UTF8.GetBytes(text)), "the probe", ErrorCodes.ProbeFailed, TestContext.Current.CancellationToken);
    }
}
