namespace VmExecutor.Host.Files;

/// <summary>The answer to the question whether something is at a path. "May not look" is an answer of its own.</summary>
public enum Presence
{
    /// <summary>It is there.</summary>
    There,

    /// <summary>It is certainly not there (ENOENT, ENOTDIR), or something of another kind is.</summary>
    Missing,

    /// <summary>The system does not say: no permission, an I/O error, a server that is gone.</summary>
    Unknown,
}
