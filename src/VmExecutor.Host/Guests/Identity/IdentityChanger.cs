using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Guests.Identity;

namespace VmExecutor.Host.Guests.Identity;

/// <summary>Gives a guest that woke up from a template an identity of its own, and looks whether it has it.</summary>
public sealed class IdentityChanger(IGuestShell guestShell, TimeProvider time)
{
    /// <summary>Clock stepped to within half a second, random generator reseeded, host name, machine-id and login key its own: all of it verified.</summary>
    /// <param name="access">Reached over the kept connection.</param>
    /// <param name="wanted">What it gets.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="SystemFailureException"><see cref="ErrorCodes.GuestIdentityStale"/>: something could not be changed; the message says what and why.</exception>
    public Task ChangeAsync(GuestAccess access, FreshIdentity wanted, CancellationToken cancellationToken)
    {
        _ = (guestShell, time, wanted, cancellationToken);
        throw new SystemFailureException(ErrorCodes.GuestIdentityStale, $"the guest {access} cannot be given an identity yet", "Start cold.");
    }
}
