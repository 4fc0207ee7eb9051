namespace VmExecutor.RunnerSimulator.Scripts;

/// <summary>Turns a sub-stage's commands into the file the runner hands to the driver.</summary>
internal static class ScriptText
{
    /// <summary>The file's name: PowerShell's end in <c>.ps1</c>.</summary>
    public static string FileName(string shell) => IsPowerShell(shell) ? "script.ps1" : "script";

    /// <summary>Shebang, TERM trap, strict options, then the whole body as one quoted string, away from the caller's stdin.</summary>
    /// <param name="shell">What config answered.</param>
    /// <param name="body">The commands.</param>
    /// <param name="posix">Whether FF_POSIXLY_CORRECT_ESCAPES is on.</param>
    public static string Wrap(string shell, string body, bool posix) => IsPowerShell(shell)
        ? $"#!/usr/bin/env {shell}\n\n& {{\n$ErrorActionPreference = 'Stop'\n{body}\n}}\n"
        : $"""
        #!/usr/bin/env {shell}

        trap 'exit 1' TERM

        if set -o | grep pipefail > /dev/null; then set -o pipefail; fi; set -o errexit
        set +o noclobber
        eval {(posix ? PosixQuote(body) : AnsiQuote(body))} < /dev/null
        exit 0

        """;

    /// <summary>As the runner does by default: ANSI-C quoting, byte by byte (gitlab-runner, helpers/shell_escape.go, ShellEscape).</summary>
    public static string AnsiQuote(string text)
    {
        if (text.Length == 0)
        {
            return "''";
        }

        var word = string.Concat(System.Text.Encoding.UTF8.GetBytes(text).Select(Escape));
        return text.All(character => char.IsAsciiLetterOrDigit(character) || ",-./@_".Contains(character)) ? word : $"$'{word}'";

        static string Escape(byte value) => (char)value switch
        {
            '\a' => @"\a",
            '\b' => @"\b",
            '\t' => @"\t",
            '\n' => @"\n",
            '\v' => @"\v",
            '\f' => @"\f",
            '\r' => @"\r",
            '\'' => @"\'",
            '\\' => @"\\",
            >= ' ' and <= '~' and var plain => plain.ToString(),
            _ => $@"\x{value:x2}",
        };
    }

    /// <summary>As the runner does with FF_POSIXLY_CORRECT_ESCAPES (PosixShellEscape), with what it forgets: a lone ; or ' is left as it is.</summary>
    public static string PosixQuote(string text) => text.Length == 0 ? "''"
        : !text.Any(" !#%&()*<=>?[|`\"\\$".Contains) ? text
        : $"\"{string.Concat(text.Select(character => "`\"\\$".Contains(character) ? $"\\{character}" : character.ToString()))}\"";

    /// <summary>One word for bash and sh, whatever is in it.</summary>
    public static string Quote(string text) => $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    private static bool IsPowerShell(string shell) => shell is "pwsh" or "powershell";
}
