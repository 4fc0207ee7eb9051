using VmExecutor.Core.Configuration;

namespace VmExecutor.Core.Guests;

/// <summary>Whether the guest's shell reads what the runner writes: a script as the runner's, with a text in it that must come back as it is.</summary>
public static class QuotingCheck
{
    /// <summary>What quoting is there for.</summary>
    private const string Hard = "vmx-quoting: it's \"so\" \\n `date` $HOME $(date) a;b|c&d * ? [x] {y} ~ # ! é";

    /// <summary>The scripts of PowerShell are not quoted in these ways.</summary>
    public static bool Concerns(GuestShell shell) => shell != GuestShell.Pwsh;

    /// <param name="shell">The image's, which <see cref="Concerns"/>.</param>
    /// <param name="posix">Whether the feature flag is on.</param>
    public static string Script(GuestShell shell, bool posix) => RunnerScript.Wrap(shell, $"printf '%s\\n' {RunnerQuoting.Quote(Hard, posix)}\n", posix);

    /// <param name="exit">How the script ended.</param>
    /// <param name="output">What it printed.</param>
    public static bool Passed(ScriptExit exit, string output) => exit.Succeeded && output.Split('\n').Any(line => line.TrimEnd('\r') == Hard);

    /// <summary>What is wrong, for an image that is being published.</summary>
    /// <param name="shell">The image's.</param>
    /// <param name="exit">How the script ended that was written with the feature flag.</param>
    public static string Problem(GuestShell shell, ScriptExit exit) =>
        $"the guest's {(shell == GuestShell.Bash ? "bash" : "sh")} does not run a script as GitLab Runner writes it, neither with {RunnerQuoting.PosixFlag} nor without (it ended with {exit})";
}
