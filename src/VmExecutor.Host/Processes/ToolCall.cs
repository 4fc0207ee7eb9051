using VmExecutor.Core.Values;

namespace VmExecutor.Host.Processes;

/// <summary>One run of a tool: its program by name, looked up in PATH, and its arguments as a list.</summary>
public sealed record ToolCall(string Program, IReadOnlyList<string> Arguments)
{
    /// <summary>Null: the stage's own directory.</summary>
    public AbsolutePath? WorkingDirectory { get; init; }

    /// <summary>The text that it reads from stdin. A tool that is run as a stream (<see cref="ToolStream"/>) has none of it.</summary>
    public string Input { get; init; } = "";

    /// <summary>The time limit; generous, against hanging rather than an expectation.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Told of each piece of its stdout as it comes; null: what it says is of use only at its end.</summary>
    public Action<ReadOnlyMemory<byte>>? Heard { get; init; }

    /// <summary>Told the tool's process id once it runs; null: it is of no use.</summary>
    public Action<int>? Started { get; init; }

    /// <summary>
    /// True: the tool runs in a session of its own, so that the runner's SIGTERM to our process group does not reach it before the driver
    /// has decided what to do (docs/runner-contract.md section 4).
    /// </summary>
    public bool OwnSession { get; init; }

    /// <summary>The command line as a person would type it, for messages.</summary>
    public override string ToString() => string.Join(' ', Arguments.Prepend(Program).Select(Quote));

    private static string Quote(string argument) =>
        argument.Length > 0 && argument.All(c => char.IsAsciiLetterOrDigit(c) || "-_./:=,@%+".Contains(c, StringComparison.Ordinal))
            ? argument
            : $"'{argument.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
