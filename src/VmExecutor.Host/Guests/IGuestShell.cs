using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Jobs;

namespace VmExecutor.Host.Guests;

/// <summary>
/// The questions and commands of the stages for a guest. It is the seam at which a test stands in for ssh and a virtual machine.
/// </summary>
public interface IGuestShell
{
    /// <summary>Waits until the guest's ssh server speaks and returns its greeting.</summary>
    /// <param name="address">The address of the server.</param>
    /// <param name="limit">The time limit, and the log for the waits that do not count.</param>
    /// <param name="alive">Asked before each try; throws when the domain is dead.</param>
    /// <param name="cancellationToken">The stage's.</param>
    /// <exception cref="SystemFailureException"><see cref="ErrorCodes.GuestBootTimedOut"/>.</exception>
    Task<string> WaitForServerAsync(GuestAddress address, WaitLimit limit, Func<CancellationToken, Task> alive, CancellationToken cancellationToken);

    /// <summary>Opens the kept connection and proves that the guest can run scripts; the connection outlives this process.</summary>
    /// <returns>The access with what the guest said: <see cref="GuestAccess.LoginShell"/>, <see cref="GuestAccess.BootId"/> and <see cref="GuestAccess.Look"/>; its proof is in place.</returns>
    /// <exception cref="SystemFailureException">
    /// <see cref="ErrorCodes.GuestSshTimedOut"/>, <see cref="ErrorCodes.GuestSshRefused"/>, <see cref="ErrorCodes.GuestHostKeyChanged"/>,
    /// <see cref="ErrorCodes.GuestCannotRunScripts"/>, <see cref="ErrorCodes.GuestIsAnother"/>, <see cref="ErrorCodes.GuestUnproven"/>,
    /// <see cref="ErrorCodes.GuestPlaceUnusable"/>.
    /// </exception>
    Task<GuestAccess> OpenAsync(GuestAccess access, WaitLimit limit, Func<CancellationToken, Task> alive, CancellationToken cancellationToken);

    /// <summary>Opens the kept connection to a guest that is known to run scripts: nothing is asked of it.</summary>
    /// <exception cref="SystemFailureException">As <see cref="OpenAsync"/>, without the last.</exception>
    Task ConnectAsync(GuestAccess access, WaitLimit limit, Func<CancellationToken, Task> alive, CancellationToken cancellationToken);

    /// <summary>For a person: where the kept connection is not open, opens another to the same guest, which the caller closes. Host keys must be pinned.</summary>
    /// <param name="access">The guest by the kept connection.</param>
    /// <param name="beside">The guest by the other one: <see cref="GuestAccess.Beside"/>.</param>
    /// <param name="limit">The time limit, and the log for the waits that do not count.</param>
    /// <param name="alive">Asked before each try; throws when the domain is dead.</param>
    /// <param name="cancellationToken">The person's.</param>
    /// <returns>Which of the two is open: its guest has proved to be the job's.</returns>
    /// <exception cref="SystemFailureException">As <see cref="ConnectAsync"/>.</exception>
    Task<GuestAccess> ConnectBesideAsync(
        GuestAccess access, GuestAccess beside, WaitLimit limit, Func<CancellationToken, Task> alive, CancellationToken cancellationToken);

    /// <summary>
    /// Gives the kept connection new session keys, which come from what both sides' random generators give by now. It takes an emulated guest a fraction of a new login.
    /// </summary>
    /// <returns>False: it has the old ones, and only a new connection would have others.</returns>
    Task<bool> RenewKeysAsync(GuestAccess access, CancellationToken cancellationToken);

    /// <summary>Closes a connection; one that is not open is closed.</summary>
    Task CloseAsync(GuestAccess access, CancellationToken cancellationToken);

    /// <summary>
    /// Runs a script to its end, relaying its output as it comes. A cancel (or an output whose reader is gone) ends everything that the
    /// script has started; guest and connection stay usable.
    /// </summary>
    /// <param name="access">The guest.</param>
    /// <param name="script">The script.</param>
    /// <param name="output">Takes the script's stdout, byte for byte but for its path in error messages; flushed after each write.</param>
    /// <param name="error">Takes its stderr, likewise.</param>
    /// <param name="watch">Runs beside the script and ends the wait by throwing when the domain has died.</param>
    /// <param name="cancellationToken">The stage's.</param>
    /// <exception cref="GuestConnectionLostException">How the script ended is not known.</exception>
    Task<ScriptRun> RunScriptAsync(
        GuestAccess access,
        GuestScript script,
        Stream output,
        Stream error,
        Func<CancellationToken, Task> watch,
        CancellationToken cancellationToken);

    /// <summary>Runs a small POSIX shell text in the guest and collects its output, without what the login shell printed before.</summary>
    /// <param name="access">The guest.</param>
    /// <param name="text">Visible in argument lists: no secrets.</param>
    /// <param name="input">Becomes its stdin, of any length; null: empty.</param>
    /// <param name="cancellationToken">Cancelling ends the connection's side only, not what the text has started.</param>
    /// <exception cref="GuestConnectionLostException">There is no connection, or no answer.</exception>
    /// <exception cref="SystemFailureException"><see cref="ErrorCodes.GuestAnswerTooLong"/>; <see cref="ErrorCodes.GuestCannotRunScripts"/>.</exception>
    Task<GuestCommandResult> RunCommandAsync(GuestAccess access, string text, Stream? input, CancellationToken cancellationToken);

    /// <summary>As <see cref="RunCommandAsync"/>, but each line that the text prints is answered as it comes.</summary>
    /// <param name="access">The guest.</param>
    /// <param name="text">Visible in argument lists: no secrets.</param>
    /// <param name="input">Becomes the beginning of its stdin, which stays open.</param>
    /// <param name="answer">Given each line of its stdout, without the line's end; what it returns is written to stdin. Null: nothing is.</param>
    /// <param name="cancellationToken">As above.</param>
    /// <exception cref="GuestConnectionLostException">There is no connection, or no answer.</exception>
    /// <exception cref="SystemFailureException"><see cref="ErrorCodes.GuestAnswerTooLong"/>; <see cref="ErrorCodes.GuestCannotRunScripts"/>.</exception>
    Task<GuestCommandResult> ConverseAsync(GuestAccess access, string text, string input, Func<string, string?> answer, CancellationToken cancellationToken);

    /// <summary>Starts a POSIX shell text whose client outlives this process, and leaves it when it has printed a line. The guest can be halted then.</summary>
    /// <param name="access">The guest; one command at a time can be left in it.</param>
    /// <param name="text">Visible in argument lists: no secrets.</param>
    /// <param name="input">Becomes the beginning of its stdin, which stays open.</param>
    /// <param name="until">The line of its stdout.</param>
    /// <param name="cancellationToken">Ends the wait, and the client.</param>
    /// <returns>The client; null: the command ended without that line.</returns>
    Task<RunnerProcess?> LeaveAsync(GuestAccess access, string text, string input, string until, CancellationToken cancellationToken);

    /// <summary>Goes on with the command that <see cref="LeaveAsync"/> has left.</summary>
    /// <param name="access">The guest.</param>
    /// <param name="input">Written to its stdin at once.</param>
    /// <param name="answer">As for <see cref="ConverseAsync"/>.</param>
    /// <param name="until">The last line that it prints; without it, its output ends when the client does.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The text that it has printed.</returns>
    Task<string> GoOnAsync(GuestAccess access, string input, Func<string, string?> answer, string until, CancellationToken cancellationToken);
}
