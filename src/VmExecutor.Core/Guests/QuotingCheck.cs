using VmExecutor.Core.Configuration;

namespace VmExecutor.Core.Guests;

/// <summary>
/// Tests whether the guest's shell reads scripts as the runner writes them: such a script has a text in it that must come back unchanged.
/// </summary>
public static class QuotingCheck
{
    /// <summary>A text with every character that quoting must protect.</summary>
    private const string Hard = "vmx-quoting: it's \"so\" \\n `date` $HOME $(date) a;b|c&d * ? [x] {y} ~ # ! é";

    /// <summary>True for shells whose scripts are quoted; those of PowerShell are not quoted in these ways.</summary>
    public static bool Concerns(GuestShell shell) => shell != GuestShell.Pwsh;

    /// <param name="shell">The image's, which <see cref="Concerns"/>.</param>
    /// <param name="posix">True: the feature flag is on.</param>
    public static string Script(GuestShell shell, bool posix) => RunnerScript.Wrap(shell, $"printf '%s\\n' {RunnerQuoting.Quote(Hard, posix)}\n", posix);

    /// <param name="exit">The script's exit.</param>
    /// <param name="output">Its output.</param>
    public static bool Passed(ScriptExit exit, string output) => exit.Succeeded && output.Split('\n').Any(line => line.TrimEnd('\r') == Hard);

    /// <summary>The trouble in words, for an image that is being published.</summary>
    /// <param name="shell">The image's.</param>
    /// <param name="exit">How the script ended that was written with the feature flag.</param>
    public static string Problem(GuestShell shell, ScriptExit exit) =>
        $"the guest's {(shell == GuestShell.Bash ? "bash" : "sh")} does not run a script as GitLab Runner writes it, neither with {RunnerQuoting.PosixFlag} nor without (it ended with {exit})";
}
