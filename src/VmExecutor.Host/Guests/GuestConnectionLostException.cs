using VmExecutor.Core.Failures;

namespace VmExecutor.Host.Guests;

/// <summary>The connection to the guest ended, and the end of the script is not known; the caller adds the domain's state.</summary>
public sealed class GuestConnectionLostException(string message, Exception? inner = null)
    : SystemFailureException(
        ErrorCodes.GuestConnectionLost,
        message,
        "Look at the guest's console log and the host's memory: did the guest crash, shut down, or stop its ssh server or network?",
        inner);
