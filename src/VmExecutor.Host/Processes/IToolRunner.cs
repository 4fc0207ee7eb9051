namespace VmExecutor.Host.Processes;

/// <summary>Runs installed tools (qemu-img, ssh) as child processes; the seam where a test stands in for them.</summary>
public interface IToolRunner
{
    /// <summary>
    /// Runs a tool to its end and collects its output. Cancelling ends the child (terminate, bounded wait, kill) before this returns.
    /// </summary>
    /// <exception cref="ToolMissingException">The program is not installed.</exception>
    /// <exception cref="ToolNotStartedException">The system did not start it.</exception>
    /// <exception cref="ToolTimedOutException">The call's own time limit was over.</exception>
    Task<ToolResult> RunAsync(ToolCall call, CancellationToken cancellationToken);
}
