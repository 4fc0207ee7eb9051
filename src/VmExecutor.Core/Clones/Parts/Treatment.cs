namespace VmExecutor.Core.Clones.Parts;

/// <summary>The treatment of a part of a source's definition in a clone.</summary>
public enum Treatment
{
    /// <summary>The clone has it as the source has it.</summary>
    Kept,

    /// <summary>The source's is not copied; the clone gets one of its own in its place.</summary>
    MadeOwn,

    /// <summary>The clone does not have it.</summary>
    LeftOut,

    /// <summary>There is no clone of a source with it.</summary>
    Refused,
}
