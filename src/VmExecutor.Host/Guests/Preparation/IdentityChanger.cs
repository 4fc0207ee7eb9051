using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Guests.Preparation;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;

namespace VmExecutor.Host.Guests.Preparation;

/// <summary>Gives a guest that woke up from a template an identity of its own, and verifies it.</summary>
public sealed class IdentityChanger(IGuestShell guestShell, TimeProvider time)
{
    private const int LongestEvidence = 500;
    private const StringSplitOptions Split = StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries;
    private static readonly TimeSpan ClockLimit = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Steps the clock to within half a second, reseeds the random generator, and gives the guest a host name, machine-id and login key
    /// of its own; all of it is verified.
    /// </summary>
    /// <param name="access">Reached over the kept connection.</param>
    /// <param name="wanted">The identity that it gets.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="SystemFailureException"><see cref="ErrorCodes.GuestIdentityStale"/>: something could not be changed; the message says what and why.</exception>
    /// <exception cref="GuestConnectionLostException">The guest did not answer.</exception>
    public async Task ChangeAsync(GuestAccess access, FreshIdentity wanted, CancellationToken cancellationToken)
    {
        var clock = new ToldClock(time, ClockLimit);
        var told = false;
        var answer = await guestShell.ConverseAsync(access, IdentityScript.RootShell(access.User), IdentityScript.For(wanted, access.User), Answer, cancellationToken).ConfigureAwait(false);
        Verify(access, wanted, answer, clock);

        // It waits once more where its first interpreter has failed.
        string? Answer(string line) =>
            line != IdentityFacts.Waits ? clock.Answer(line)
            : !told && (told = true) ? IdentityScript.Own(wanted)
            : null;
    }

    /// <summary>
    /// Starts what <see cref="ChangeLeftAsync"/> goes on with, for a guest that is halted meanwhile. Then nothing has to be started in the guest any more, which takes
    /// an emulated one longer than all else.
    /// </summary>
    /// <returns>Its client; null: it could not be started.</returns>
    public Task<RunnerProcess?> LeaveAsync(GuestAccess access, CancellationToken cancellationToken) =>
        guestShell.LeaveAsync(access, $"{IdentityScript.RootShell(access.User)} 2>&1", IdentityScript.For(NamesOnly("", default), access.User), IdentityFacts.Waits, cancellationToken);

    /// <summary>As <see cref="ChangeAsync"/>, for clock, host name and random generator.</summary>
    public async Task ChangeLeftAsync(GuestAccess access, FreshIdentity wanted, CancellationToken cancellationToken)
    {
        var clock = new ToldClock(time, ClockLimit);
        var said = await guestShell.GoOnAsync(access, IdentityScript.Own(wanted), clock.Answer, IdentityFacts.Done, cancellationToken).ConfigureAwait(false);
        Verify(access, wanted, new GuestCommandResult(0, said, string.Join('\n', said.Split('\n').Where(line => !IdentityFacts.Tells(line)))), clock);
    }

    /// <summary>The identity of which a clone has all but host name and random numbers.</summary>
    public static FreshIdentity NamesOnly(string hostname, ReadOnlyMemory<byte> seed) => new() { Hostname = hostname, MachineId = null, Seed = seed };

    private static void Verify(GuestAccess access, FreshIdentity wanted, GuestCommandResult answer, ToldClock clock)
    {
        var facts = IdentityFacts.Parse(answer.StandardOutput) ?? throw NoAnswer(access, answer);
        if (IdentityCheck.Problems(wanted, facts, clock.Step) is { Count: > 0 } problems)
        {
            throw new SystemFailureException(
                ErrorCodes.GuestIdentityStale,
                $"the guest {access} has no identity of its own: {string.Join("; ", problems)}{Evidence(answer)}",
                Hint(facts));
        }
    }

    private static SystemFailureException NoAnswer(GuestAccess access, GuestCommandResult answer) =>
        access.User.Value == "root"
            ? new(
                ErrorCodes.GuestIdentityStale,
                $"the guest {access} has no identity of its own: the shell that was to give it its identity ended with {answer.ExitCode}{Evidence(answer)}",
                "Look at the guest's console log, or switch the image's 'warm' off.")
            : new(
                ErrorCodes.GuestIdentityStale,
                $"the guest {access} has no identity of its own: ssh.user '{access.User}' may not become root to give it its identity{Evidence(answer)}",
                $"Give '{access.User}' sudo without a password and without a terminal (no 'requiretty') in the image, or switch the image's 'warm' off.");

    private static string Hint(IdentityFacts facts) =>
        facts.ReseededBy is null && facts.Clock is null ? "Install perl or python3 in the image (Debian's perl-base is enough), or switch the image's 'warm' off."
        : facts.Clock is null || facts.ReseededBy is null ? "Is the guest's root allowed to set the clock, and is its kernel Linux 4.17 or newer? If not, switch the image's 'warm' off."
        : "See why the guest's root cannot change this (a read-only file system, a host too busy), or switch the image's 'warm' off.";

    private static string Evidence(GuestCommandResult answer) =>
        PlainText.OneLine(string.Join("; ", answer.StandardError.Split('\n', Split)), LongestEvidence) is { Length: > 0 } said ? $": {said}" : "";
}
