using VmExecutor.Core.Values;

namespace VmExecutor.Core.Clones;

/// <summary>A file that is a clone's memory.</summary>
/// <param name="Path">QEMU's user must be able to read and write it.</param>
/// <param name="IsTemplate">True: the guest's writes go into the file, which becomes a template; false: they are the clone's own.</param>
public sealed record MemoryFile(AbsolutePath Path, bool IsTemplate);
