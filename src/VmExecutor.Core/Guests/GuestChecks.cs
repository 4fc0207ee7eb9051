using System.Text.RegularExpressions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Guests;

/// <summary>
/// The shell text that finds out whether a guest is ready: it prints what the guest lacks to run scripts, and facts about the guest.
/// </summary>
public static partial class GuestChecks
{
    private const int LongestPath = 200;

    /// <summary>A word of the shell: the directory for temporary files, where scripts are stored.</summary>
    internal const string Temporary = "\"${TMPDIR:-/tmp}\"";

    /// <summary>Shell text; its last line is <c>vmx-ready:</c> and the names of the missing things.</summary>
    /// <param name="shell">The shell that jobs need.</param>
    /// <param name="places">Where they write, beside the directory for temporary files.</param>
    public static string Text(GuestShell shell, IReadOnlyList<GuestPlace> places) =>
        $$"""
        m=
        for c in head wc rm grep cat awk sleep mkdir {{ScriptWrapper.Program(shell)}}; do
          command -v "$c" >/dev/null 2>&1 || m="$m $c"
        done
        printf '%s\n' "vmx-tmp:${TMPDIR:-/tmp}"
        {{PlaceCheck.Text([Temporary, .. places.Select(place => ShellText.Quote(place.Path))])}}
        {{CloudInit.Question}}
        echo "vmx-login:${SHELL##*/}"
        {{GuestBoot.Question}}
        {{GuestClock.Question}}
        echo "vmx-ready:$m"
        """;

    /// <summary>The names of the missing things; null: the output is no answer (a login shell that only says "not available").</summary>
    public static IReadOnlyList<string>? ParseMissing(string output)
    {
        var answer = Answer().Match(output);
        return answer.Success ? answer.Groups[1].Value.Split(' ', StringSplitOptions.RemoveEmptyEntries) : null;
    }

    /// <summary>The reason why scripts cannot be stored in the guest, and what to do; null: they can.</summary>
    public static (string What, string Fix)? FindTemporaryFault(string output, GuestUser user)
    {
        if (PlaceCheck.Parse(output).FirstOrDefault(fault => fault.Index == 0) is not { } fault)
        {
            return null;
        }

        var path = TemporaryDirectory().Match(output) is { Success: true } match ? PlainText.OneLine(match.Groups[1].Value.TrimEnd(), LongestPath) : "/tmp";
        return ($"{path}, where scripts are stored: {fault.Reason(user)}", fault.Fix(path, user, key: null));
    }

    /// <summary>The places where jobs cannot write.</summary>
    public static IReadOnlyList<(GuestPlace Place, PlaceFault Fault)> FindFaults(string output, IReadOnlyList<GuestPlace> places) =>
        [.. PlaceCheck.Parse(output).Where(fault => fault.Index >= 1 && fault.Index <= places.Count).Select(fault => (places[fault.Index - 1], fault))];

    /// <summary>The account's login shell, as sshd named it.</summary>
    public static LoginShell ParseLoginShell(string output) =>
        output.Split('\n').Contains("vmx-login:bash") ? LoginShell.Bash : LoginShell.Other;

    [GeneratedRegex("^vmx-tmp:(.*)$", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex TemporaryDirectory();

    [GeneratedRegex(@"^vmx-ready:(.*)$", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex Answer();
}
