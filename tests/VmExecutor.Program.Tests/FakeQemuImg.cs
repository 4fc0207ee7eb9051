using VmExecutor.Host.Files;
using VmExecutor.Host.Processes;

namespace VmExecutor.Program.Tests;

/// <summary>Stands in for qemu-img: every base is a qcow2 of 1 GiB, an overlay is a file with a word in it.</summary>
internal sealed class FakeQemuImg : IToolRunner
{
    public Action<string>? Before { get; set; }

    /// <summary>Told each overlay's size in bytes.</summary>
    public Action<string>? Created { get; set; }

    /// <summary>Passed before a call takes effect and after it; what never ends holds the caller there for ever.</summary>
    public Func<string, bool, CancellationToken, Task>? Gate { get; set; }

    public async Task<ToolResult> RunAsync(ToolCall call, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await PassAsync(false);
        Before?.Invoke($"qemu-img {call.Arguments[0]}");
        if (call.Arguments[0] == "create")
        {
            try
            {
                File.WriteAllText(call.Arguments[^2], "overlay");
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return new ToolResult(call, 1, "", $"qemu-img: {call.Arguments[^2]}: {HostFileException.ReasonOf(e)}\n");
            }

            Created?.Invoke(call.Arguments[^1]);
        }

        var output = call.Arguments[0] == "info"
            ? $$"""[{"filename": "{{call.Arguments[^1]}}", "format": "qcow2", "virtual-size": 1073741824}]"""
            : string.Empty;
        await PassAsync(true);
        return new ToolResult(call, 0, output, "");

        Task PassAsync(bool after) => Gate?.Invoke($"qemu-img {call.Arguments[0]}", after, cancellationToken) ?? Task.CompletedTask;
    }
}
