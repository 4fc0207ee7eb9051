namespace VmExecutor.Host.Tests.Fakes;

/// <summary>The ways in which a file system refuses, each made for real by <see cref="SmallFileSystem"/>.</summary>
public enum FileTrouble
{
    /// <summary>EROFS: mounted read-only.</summary>
    ReadOnly,

    /// <summary>ENOSPC: not a byte is left; names can still be made.</summary>
    Full,

    /// <summary>EPERM, also for root: each file and directory is immutable (<c>chattr +i</c>).</summary>
    Immutable,

    /// <summary>EACCES, also for root: another user's FUSE file system.</summary>
    Foreign,

    /// <summary>ENOTCONN: a FUSE file system whose server has ended.</summary>
    ServerGone,

    /// <summary>EIO: a file system whose server gives this answer to everything, as one whose disk fails.</summary>
    Broken,

    /// <summary>ESTALE, as of NFS whose server does not know the file any more.</summary>
    Stale,
}
