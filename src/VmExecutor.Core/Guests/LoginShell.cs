namespace VmExecutor.Core.Guests;

/// <summary>The program that sshd gives command lines to in the guest, as far as the driver treats it differently.</summary>
public enum LoginShell
{
    /// <summary>Any other, or not known: command lines must be harmless to csh and fish too, and start a POSIX shell first.</summary>
    Other,

    /// <summary>
    /// Runs the driver's text itself and has job control without a terminal: two programs fewer to start for each script.
    /// </summary>
    Bash,
}

/// <summary>A login shell as records have it.</summary>
public static class LoginShellWord
{
    public static string Of(LoginShell shell) => shell.ToString().ToLowerInvariant();

    /// <summary>The shell of a word; an unknown word means <see cref="LoginShell.Other"/>.</summary>
    public static LoginShell Parse(string? word) =>
        Enum.TryParse<LoginShell>(word, ignoreCase: true, out var shell) && Enum.IsDefined(shell) ? shell : LoginShell.Other;
}
