using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Jobs;
using VmExecutor.Host.Processes;

namespace VmExecutor.Host.Guests;

/// <summary>Guests by the OpenSSH client.</summary>
public sealed class SshGuestShell : IGuestShell
{
    private readonly SshBanner banner;
    private readonly GuestConnection connection;
    private readonly GuestCommands commands;
    private readonly GuestScriptRunner scripts;
    private readonly LeftCommand left;
    private readonly ConnectPace pace;
    private readonly TimeProvider time;

    public SshGuestShell(IToolRunner tools, ToolEnvironment environment, TimeProvider clock)
    {
        var ssh = new SshClient(tools, environment, clock);
        time = clock;
        pace = new ConnectPace(clock);
        banner = new SshBanner(pace, clock);
        commands = new GuestCommands(ssh, clock);
        left = new LeftCommand(ssh);
        connection = new GuestConnection(ssh, commands, pace, clock);
        scripts = new GuestScriptRunner(ssh, connection, commands, clock);
    }

    public Task<string> WaitForServerAsync(GuestAddress address, WaitLimit limit, Func<CancellationToken, Task> alive, CancellationToken cancellationToken) =>
        banner.WaitAsync(address, limit, alive, cancellationToken);

    public async Task<GuestAccess> OpenAsync(GuestAccess access, WaitLimit limit, Func<CancellationToken, Task> alive, CancellationToken cancellationToken)
    {
        var asked = time.GetUtcNow();
        var answer = (await connection.OpenAsync(access, limit, alive, GuestChecks.Text(access.Shell, access.Places), cancellationToken).ConfigureAwait(false))!;
        var missing = GuestChecks.ParseMissing(answer.StandardOutput);
        if (missing is not { Count: 0 })
        {
            throw missing is null
                ? LoginFault.Failure(access, answer.ExitCode, answer.StandardOutput + answer.StandardError)
                : new SystemFailureException(
                    ErrorCodes.GuestCannotRunScripts,
                    $"the guest {access} cannot run scripts: missing: {string.Join(", ", missing)}",
                    "Install it in the image, or set the image's shell to one that is there.");
        }

        var bootId = GuestBoot.ParseId(answer.StandardOutput);
        return access with
        {
            Look = Readiness.Judge(access, answer.StandardOutput) with { ClockOff = GuestClock.Off(answer.StandardOutput, asked, time.GetUtcNow()) },
            LoginShell = GuestChecks.ParseLoginShell(answer.StandardOutput),
            BootId = bootId,
            Proof = access.Proof?.InPlace(bootId),
            CountsConnections = pace.SeemsLimited(access.Address),
        };
    }

    public Task ConnectAsync(GuestAccess access, WaitLimit limit, Func<CancellationToken, Task> alive, CancellationToken cancellationToken) =>
        connection.OpenAsync(access, limit, alive, question: null, cancellationToken);

    public Task<GuestAccess> ConnectBesideAsync(
        GuestAccess access, GuestAccess beside, WaitLimit limit, Func<CancellationToken, Task> alive, CancellationToken cancellationToken) =>
        connection.OpenBesideAsync(access, beside, limit, alive, cancellationToken);

    public Task<bool> RenewKeysAsync(GuestAccess access, CancellationToken cancellationToken) => commands.RenewKeysAsync(access, cancellationToken);

    public Task CloseAsync(GuestAccess access, CancellationToken cancellationToken) => connection.CloseAsync(access, cancellationToken);

    public Task<ScriptRun> RunScriptAsync(
        GuestAccess access,
        GuestScript script,
        Stream output,
        Stream error,
        Func<CancellationToken, Task> watch,
        CancellationToken cancellationToken) =>
        scripts.RunAsync(access, script, output, error, watch, cancellationToken);

    public Task<GuestCommandResult> RunCommandAsync(GuestAccess access, string text, Stream? input, CancellationToken cancellationToken) =>
        commands.RunAsync(access, text, input, cancellationToken);

    public Task<GuestCommandResult> ConverseAsync(GuestAccess access, string text, string input, Func<string, string?> answer, CancellationToken cancellationToken) =>
        commands.ConverseAsync(access, text, input, answer, cancellationToken);

    public Task<RunnerProcess?> LeaveAsync(GuestAccess access, string text, string input, string until, CancellationToken cancellationToken) =>
        left.StartAsync(access, text, input, until, cancellationToken);

    public Task<string> GoOnAsync(GuestAccess access, string input, Func<string, string?> answer, string until, CancellationToken cancellationToken) =>
        LeftCommand.GoOnAsync(access, input, answer, until, cancellationToken);
}
