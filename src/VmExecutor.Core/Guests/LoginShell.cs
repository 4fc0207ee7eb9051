namespace VmExecutor.Core.Guests;

/// <summary>What sshd hands command lines to in the guest, as far as it matters to us.</summary>
public enum LoginShell
{
    /// <summary>Any other, or not known: command lines must be harmless to csh and fish too, and start a POSIX shell first.</summary>
    Other,

    /// <summary>Runs our text itself and has job control without a terminal: two programs fewer to start for each script.</summary>
    Bash,
}
