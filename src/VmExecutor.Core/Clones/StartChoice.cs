namespace VmExecutor.Core.Clones;

/// <summary>
/// The starts that a clone may have. Jobs always have <see cref="Ladder"/>; <c>bench</c> chooses the others to measure them.
/// </summary>
public enum StartChoice
{
    /// <summary>A clone that waits, where there is one; else a warm start where possible; else a cold one with the reason in the job log.</summary>
    Ladder,

    /// <summary>A cold start, also where there is a template.</summary>
    Cold,

    /// <summary>A warm start, or a failure with the reason.</summary>
    Warm,

    /// <summary>A clone that was made before, or a failure with the reason.</summary>
    Standby,
}
