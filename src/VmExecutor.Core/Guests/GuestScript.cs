namespace VmExecutor.Core.Guests;

/// <summary>A script for the guest.</summary>
/// <param name="Name">The name that the script's error messages begin with: a job's sub-stage, or the administrator's file.</param>
/// <param name="Text">Its bytes; they and the secrets in them are in no argument list on either side.</param>
public sealed record GuestScript(string Name, ReadOnlyMemory<byte> Text)
{
    /// <summary>The proxy that its programs find in their environment; null: none.</summary>
    public ScriptProxy? Proxy { get; init; }

    /// <summary>True: the guest tells how much memory it used at its most while the script ran.</summary>
    public bool MeasuresMemory { get; init; }
}
