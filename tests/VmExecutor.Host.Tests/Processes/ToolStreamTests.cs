using FluentAssertions;
using VmExecutor.Host.Processes;
using Xunit;

namespace VmExecutor.Host.Tests.Processes;

/// <summary>The streams of a tool that may end at any moment: its callers know one way in which a stream fails.</summary>
public sealed class ToolStreamTests
{
    private static readonly ToolEnvironment Environment = new(new Dictionary<string, string> { ["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin" });

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<string, Func<Stream, Task>> Writings => new()
    {
        { "array", (Stream input) => input.WriteAsync(new byte[1], 0, 1, Cancellation) },
        { "memory", (Stream input) => input.WriteAsync(new byte[1], Cancellation).AsTask() },
        { "copy", (Stream input) => new MemoryStream(new byte[1]).CopyToAsync(input, Cancellation) },
        { "now", (Stream input) => Task.Run(() => input.Write(new byte[1]), Cancellation) },
        { "byte", (Stream input) => Task.Run(() => input.WriteByte(1), Cancellation) },
    };

    [Theory(Timeout = 30_000)]
    [MemberData(nameof(Writings))]
    public async Task Writing_to_a_tool_that_has_ended_fails_as_a_broken_pipe_does(string how, Func<Stream, Task> write)
    {
        await using var tool = Start("exit 3");
        (await tool.WaitForExitAsync(Cancellation)).Should().Be(3);

        // The library that started the tool closes the pipe at any moment from now on: until then the kernel itself says that it is broken.
        for (var attempt = 0; attempt < 200; attempt++)
        {
            await tool.Invoking(_ => write(tool.Input)).Should().ThrowAsync<IOException>(how);
            await Task.Delay(1, Cancellation);
        }
    }

    [Fact(Timeout = 30_000)]
    public async Task Flushing_and_closing_the_input_of_a_tool_that_has_ended_are_of_no_consequence()
    {
        await using var tool = Start("exit 3");
        await tool.WaitForExitAsync(Cancellation);
        for (var attempt = 0; attempt < 200; attempt++)
        {
            await tool.Input.FlushAsync(Cancellation);
            await Task.Delay(1, Cancellation);
        }

        tool.Input.Close();
        tool.Input.Close();
        await tool.Invoking(_ => tool.Input.WriteAsync(new byte[1], Cancellation).AsTask()).Should().ThrowAsync<IOException>();
    }

    [Fact(Timeout = 30_000)]
    public async Task Reading_from_a_tool_that_was_given_up_ends_or_fails_as_a_broken_pipe_does()
    {
        var tool = Start("exec sleep 60");
        var reading = tool.Output.ReadAsync(new byte[1], Cancellation).AsTask();
        await tool.DisposeAsync();

        try
        {
            (await reading).Should().Be(0);
        }
        catch (IOException)
        {
            // Cut off in the midst.
        }

        await tool.Invoking(_ => tool.Output.ReadAsync(new byte[1], Cancellation).AsTask()).Should().ThrowAsync<IOException>();
        await tool.Invoking(_ => tool.Error.ReadExactlyAsync(new byte[1], Cancellation).AsTask()).Should().ThrowAsync<IOException>();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_tool_that_takes_its_input_until_its_end_gives_it_back_whole()
    {
        var input = new byte[3 << 20];
        Random.Shared.NextBytes(input);
        await using var tool = Start("exec cat");
        var writing = Task.Run(
            async () =>
            {
                await using var end = tool.Input;
                await end.WriteAsync(input, Cancellation);
            },
            Cancellation);

        var output = new MemoryStream();
        await tool.Output.CopyToAsync(output, Cancellation);
        await writing;

        output.ToArray().Should().Equal(input);
        (await tool.WaitForExitAsync(Cancellation)).Should().Be(0);
    }

    private static ToolStream Start(string script) => ToolStream.Start(new ToolCall("sh", ["-c", script]), Environment, TimeProvider.System);
}
