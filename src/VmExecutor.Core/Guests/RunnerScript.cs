using VmExecutor.Core.Configuration;

namespace VmExecutor.Core.Guests;

/// <summary>A sub-stage's script as the runner writes it (docs/runner-contract.md section 2; gitlab-runner, shells/bash.go and powershell.go).</summary>
public static class RunnerScript
{
    /// <summary>A sub-stage's script has some kilobytes, and what a job's variables and lines add; past this it is none.</summary>
    public const int LongestBytes = 64 << 20;

    /// <param name="shell">The image's.</param>
    /// <param name="body">What the sub-stage does.</param>
    /// <param name="posix">Whether <see cref="RunnerQuoting.PosixFlag"/> is on.</param>
    public static string Wrap(GuestShell shell, string body, bool posix) => shell == GuestShell.Pwsh
        ? $$"""
           #!/usr/bin/env pwsh
           & {

           $ErrorActionPreference = "Stop"
           {{body}}
           }


           """
        : $"""
           #!/usr/bin/env {(shell == GuestShell.Bash ? "bash" : "sh")}

           trap 'exit 1' TERM

           if set -o | grep pipefail > /dev/null; then set -o pipefail; fi; set -o errexit
           set +o noclobber
           eval {RunnerQuoting.Quote(body, posix)} < /dev/null
           exit 0

           """;
}
