namespace VmExecutor.EndToEnd.Tests.Instruments;

/// <summary>The processes that a cancelled script has left in its guest.</summary>
internal static class GuestProcesses
{
    private const string All = "{ ps -eo args 2>/dev/null || ps -o args; }";

    /// <summary>
    /// A line for a guest's shell that waits until no process is left whose command line matches, and then prints an answer. After two minutes it
    /// prints those that are left. A cancelled stage is over after some two seconds, and a guest on a busy machine goes on ending what the script
    /// has started.
    /// </summary>
    /// <param name="pattern">For grep; the matching processes do not end by themselves in this time.</param>
    /// <param name="answer">The answer.</param>
    public static string SayWhenNoneIsLeft(string pattern, string answer) =>
        $"n=0; while {All} | grep '{pattern}' > /dev/null && [ $n -lt 600 ]; do n=$((n+1)); sleep 0.2 2>/dev/null || sleep 1; done; {All} | grep '{pattern}' || echo '{answer}'";
}
