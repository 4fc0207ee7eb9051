using VmExecutor.Core.Configuration;
using VmExecutor.Core.Values;

namespace VmExecutor.Host.Images.Sources;

/// <summary>The files that a source other than a domain gives for an image.</summary>
/// <param name="Disk">The root disk.</param>
/// <param name="Format">Null: qemu-img says what it is.</param>
/// <param name="Kernel">Null: the disk's own boot loader is started by the firmware.</param>
public sealed record SourceFiles(AbsolutePath Disk, DiskFormat? Format, DirectKernelBoot? Kernel);
