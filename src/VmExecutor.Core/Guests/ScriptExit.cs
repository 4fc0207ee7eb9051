using System.Globalization;

namespace VmExecutor.Core.Guests;

/// <summary>
/// The end of a script in the guest: its exit code, or 128 + n when signal n ended its shell (137: killed, 143: terminated).
/// </summary>
public readonly record struct ScriptExit
{
    public ScriptExit(int exitCode)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(exitCode);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(exitCode, 255);
        ExitCode = exitCode;
    }

    /// <summary>0 to 255.</summary>
    public int ExitCode { get; }

    public bool Succeeded => ExitCode == 0;

    public override string ToString() => ExitCode switch
    {
        137 => "exit code 137 (its shell was killed by SIGKILL; out of memory?)",
        > 128 and <= 192 => string.Create(CultureInfo.InvariantCulture, $"exit code {ExitCode} (as if ended by signal {ExitCode - 128})"),
        _ => string.Create(CultureInfo.InvariantCulture, $"exit code {ExitCode}"),
    };
}
