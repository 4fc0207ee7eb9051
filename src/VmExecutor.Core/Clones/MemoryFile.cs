using VmExecutor.Core.Values;

namespace VmExecutor.Core.Clones;

/// <summary>A file that is a clone's memory.</summary>
/// <param name="Path">QEMU's user must be able to read it, and to write it unless it is opened read-only.</param>
/// <param name="IsTemplate">True: the guest's writes go into the file, which becomes a template; false: they are the clone's own.</param>
public sealed record MemoryFile(AbsolutePath Path, bool IsTemplate)
{
    /// <summary>QEMU opens the file read-only, and the guest writes to pages of its own. QEMU has that since 8.2, and the file of a template is never so.</summary>
    public bool IsReadOnly { get; init; }
}
