using VmExecutor.Core.Guests;
using VmExecutor.Host.Processes;

namespace VmExecutor.Host.Guests;

/// <summary>Starts the OpenSSH client in a job's directory and in a session of its own, out of reach of the runner's SIGTERM to our group.</summary>
internal sealed class SshClient(IToolRunner tools, ToolEnvironment environment, TimeProvider clock)
{
    /// <summary>Runs a client that needs no streams to its end; one that goes to the background has ended for us.</summary>
    public Task<ToolResult> RunAsync(GuestAccess access, IReadOnlyList<string> arguments, TimeSpan timeout, CancellationToken cancellationToken) =>
        tools.RunAsync(Call(access, arguments) with { Timeout = timeout }, cancellationToken);

    /// <summary>Starts a command line in the guest over the kept connection.</summary>
    public ToolStream Start(GuestAccess access, string commandLine) =>
        ToolStream.Start(Call(access, SshArguments.Run(access, commandLine)), environment, clock);

    /// <summary>Starts a command line in the guest over the kept connection, in a session with a terminal in which ssh takes commands.</summary>
    public ToolStream StartWithEscapes(GuestAccess access, string commandLine) =>
        ToolStream.Start(Call(access, SshArguments.RunWithEscapes(access, commandLine)), environment, clock);

    /// <summary>Starts a command line in the guest over a connection of its own.</summary>
    public ToolStream StartAlone(GuestAccess access, string commandLine) =>
        ToolStream.Start(Call(access, SshArguments.RunAlone(access, commandLine)), environment, clock);

    /// <summary>Starts a command line in the guest over the kept connection by a client that outlives this process.</summary>
    /// <param name="access">The guest.</param>
    /// <param name="begin">A shell text that starts the client, which is the end of its arguments.</param>
    /// <param name="arguments">The beginning of its arguments.</param>
    /// <param name="commandLine">The command line.</param>
    /// <param name="cancellationToken">Ends the shell.</param>
    public Task<ToolResult> LeaveAsync(GuestAccess access, string begin, IReadOnlyList<string> arguments, string commandLine, CancellationToken cancellationToken) =>
        tools.RunAsync(
            new ToolCall("sh", ["-c", begin, "sh", .. arguments, "ssh", .. SshArguments.Run(access, commandLine)]) { WorkingDirectory = access.Directory, OwnSession = true },
            cancellationToken);

    private static ToolCall Call(GuestAccess access, IReadOnlyList<string> arguments) =>
        new("ssh", arguments) { WorkingDirectory = access.Directory, OwnSession = true };
}
