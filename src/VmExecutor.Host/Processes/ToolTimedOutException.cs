using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;

namespace VmExecutor.Host.Processes;

/// <summary>A tool did not end within its time limit and was ended.</summary>
public sealed class ToolTimedOutException(ToolCall call, Exception? inner = null)
    : SystemFailureException(
        ErrorCodes.ToolFailed,
        $"'{call}' did not end within {DurationText.Format(call.Timeout)}",
        "Most likely a disk or network file system below it does not answer: run the command by hand as the runner's user.",
        inner);
