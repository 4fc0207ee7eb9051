namespace VmExecutor.Core.Guests;

/// <summary>What sshd hands command lines to in the guest, as far as it matters to us.</summary>
public enum LoginShell
{
    /// <summary>Any other, or not known: command lines must be harmless to csh and fish too, and start a POSIX shell first.</summary>
    Other,

    /// <summary>Runs our text itself and has job control without a terminal: two programs fewer to start for each script.</summary>
    Bash,
}

/// <summary>A login shell as records have it.</summary>
public static class LoginShellWord
{
    public static string Of(LoginShell shell) => shell.ToString().ToLowerInvariant();

    /// <summary>What is not known is another shell.</summary>
    public static LoginShell Parse(string? word) =>
        Enum.TryParse<LoginShell>(word, ignoreCase: true, out var shell) && Enum.IsDefined(shell) ? shell : LoginShell.Other;
}
