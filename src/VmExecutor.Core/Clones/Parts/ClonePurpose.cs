namespace VmExecutor.Core.Clones.Parts;

/// <summary>The two uses of a clone.</summary>
public enum ClonePurpose
{
    /// <summary>A CI job: it writes to overlays and to nothing else of the host.</summary>
    Job,

    /// <summary>A person (<c>vm-executor clone</c>): all hardware stays, host devices included; only what two machines on one host cannot both have changes.</summary>
    Person,
}
