using System.Text.RegularExpressions;
using VmExecutor.Core.Configuration;

namespace VmExecutor.Core.Guests;

/// <summary>The no-op that proves a guest ready: it says what is missing there to run scripts.</summary>
public static partial class GuestChecks
{
    /// <summary>Shell text; its last line is <c>vmx-ready:</c> and the names of what is missing.</summary>
    public static string Text(GuestShell shell) =>
        $$"""
        m=
        for c in head wc rm grep cat awk sleep {{ScriptWrapper.Program(shell)}}; do
          command -v "$c" >/dev/null 2>&1 || m="$m $c"
        done
        [ -w "${TMPDIR:-/tmp}" ] || m="$m ${TMPDIR:-/tmp}"
        echo "vmx-login:${SHELL##*/}"
        {{GuestBoot.Question}}
        echo "vmx-ready:$m"
        """;

    /// <summary>What is missing; null when the answer is not one (a login shell that only says "not available").</summary>
    public static IReadOnlyList<string>? ParseMissing(string output)
    {
        var answer = Answer().Match(output);
        return answer.Success ? answer.Groups[1].Value.Split(' ', StringSplitOptions.RemoveEmptyEntries) : null;
    }

    /// <summary>What sshd said the account's shell is.</summary>
    public static LoginShell ParseLoginShell(string output) =>
        output.Split('\n').Contains("vmx-login:bash") ? LoginShell.Bash : LoginShell.Other;

    [GeneratedRegex(@"^vmx-ready:(.*)$", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex Answer();
}
