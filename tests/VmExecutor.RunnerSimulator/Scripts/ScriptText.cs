namespace VmExecutor.RunnerSimulator.Scripts;

/// <summary>Turns a sub-stage's commands into the file the runner hands to the driver.</summary>
internal static class ScriptText
{
    /// <summary>The file's name: PowerShell's end in <c>.ps1</c>.</summary>
    public static string FileName(string shell) => IsPowerShell(shell) ? "script.ps1" : "script";

    /// <summary>Shebang, TERM trap, strict options, then the whole body as one quoted string, away from the caller's stdin.</summary>
    public static string Wrap(string shell, string body) => IsPowerShell(shell)
        ? $"#!/usr/bin/env {shell}\n\n& {{\n$ErrorActionPreference = 'Stop'\n{body}\n}}\n"
        : $"""
        #!/usr/bin/env {shell}

        trap 'exit 1' TERM

        if set -o | grep pipefail > /dev/null; then set -o pipefail; fi; set -o errexit
        set +o noclobber
        eval {Quote(body)} < /dev/null
        exit 0

        """;

    /// <summary>One word for bash and sh, whatever is in it.</summary>
    public static string Quote(string text) => $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    private static bool IsPowerShell(string shell) => shell is "pwsh" or "powershell";
}
