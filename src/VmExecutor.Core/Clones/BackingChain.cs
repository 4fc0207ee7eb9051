using VmExecutor.Core.Values;

namespace VmExecutor.Core.Clones;

/// <summary>A base disk and the files that it stands on, top first. Clones only read them.</summary>
public sealed record BackingChain(IReadOnlyList<BackingFile> Files, ByteSize VirtualSize)
{
    public BackingFile Top => Files[0];
}

/// <summary>One file of a chain, or a block device.</summary>
/// <param name="Path">The path on the host.</param>
/// <param name="Format">QEMU's name of its format: <c>qcow2</c>, <c>raw</c>, ….</param>
/// <param name="IsBlockDevice">Whether libvirt must be told <c>type='block'</c>.</param>
public sealed record BackingFile(AbsolutePath Path, string Format, bool IsBlockDevice);
