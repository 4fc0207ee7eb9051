namespace VmExecutor.Core.Guests;

/// <summary>
/// New session keys for a connection that stands. ssh exchanges them when a person types <c>~R</c> (ssh(1), "ESCAPE CHARACTERS"). It listens to that in a
/// session with a terminal, also in one that joins the connection, and sends nothing else of the session before the new keys are in use (clientloop.c). So the
/// answer to what was typed behind it has come under the new keys. A guest that is told the escape characters themselves has not got any.
/// </summary>
public static class KeyRenewal
{
    /// <summary>The text that the guest runs.</summary>
    public const string Text = "read -r typed; echo \"vmx-typed:$typed\"";

    /// <summary>The input that a person would type.</summary>
    public const string Input = "~Rdone\n";

    /// <summary>True when the keys are new.</summary>
    /// <param name="output">The guest's answer, through a terminal.</param>
    public static bool IsDone(string output) => output.Split('\n').Any(line => line.TrimEnd('\r') == "vmx-typed:done");
}
