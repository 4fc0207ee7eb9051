namespace VmExecutor.Host.Processes;

/// <summary>The result of a finished tool: exit code (128 + n when signal n ended it) and its whole output as UTF-8.</summary>
public sealed record ToolResult(ToolCall Call, int ExitCode, string StandardOutput, string StandardError)
{
    /// <summary>Itself when the exit code is 0.</summary>
    /// <exception cref="ToolFailedException">The exit code is not 0.</exception>
    public ToolResult EnsureSuccess() => ExitCode == 0 ? this : throw new ToolFailedException(this);
}
