namespace VmExecutor.Core.Clones;

/// <summary>Which of the two starts a clone may have. Jobs never choose: who measures does.</summary>
public enum StartChoice
{
    /// <summary>Warm where that can be; what keeps it from being warm makes it cold, and is said.</summary>
    Ladder,

    /// <summary>Cold, also where there is a template.</summary>
    Cold,

    /// <summary>Warm or not at all: what keeps it from being warm is a failure.</summary>
    Warm,
}
