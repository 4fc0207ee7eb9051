namespace VmExecutor.Host.Files;

/// <summary>Whether something is at a path. That we may not look is not an answer.</summary>
public enum Presence
{
    /// <summary>It is there.</summary>
    There,

    /// <summary>It is certainly not there (ENOENT, ENOTDIR), or something of another kind is.</summary>
    Missing,

    /// <summary>The system does not say: no permission, an I/O error, a server that is gone.</summary>
    Unknown,
}
