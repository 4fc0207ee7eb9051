using VmExecutor.Host.Processes;

namespace VmExecutor.Program.Tests;

/// <summary>Stands in for qemu-img: every base is a qcow2 of 1 GiB, an overlay is a file with a word in it.</summary>
internal sealed class FakeQemuImg : IToolRunner
{
    public Action<string>? Before { get; set; }

    public Task<ToolResult> RunAsync(ToolCall call, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Before?.Invoke($"qemu-img {call.Arguments[0]}");
        if (call.Arguments[0] == "create")
        {
            File.WriteAllText(call.Arguments[^2], "overlay");
        }

        var output = call.Arguments[0] == "info"
            ? $$"""[{"filename": "{{call.Arguments[^1]}}", "format": "qcow2", "virtual-size": 1073741824}]"""
            : string.Empty;
        return Task.FromResult(new ToolResult(call, 0, output, ""));
    }
}
