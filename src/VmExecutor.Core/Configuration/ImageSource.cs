using VmExecutor.Core.Values;

namespace VmExecutor.Core.Configuration;

/// <summary>Where an image's hardware and disks come from.</summary>
public abstract record ImageSource
{
    private ImageSource()
    {
    }

    /// <summary>An existing libvirt domain: its hardware is kept and each writable disk gets an overlay.</summary>
    /// <param name="Name">The domain's name as <c>virsh list --all</c> shows it.</param>
    public sealed record Domain(string Name) : ImageSource
    {
        /// <summary>Whether a running source may be asked to shut down; it is never destroyed.</summary>
        public bool AllowShutdown { get; init; }
    }

    /// <summary>A disk file, put into the built-in machine.</summary>
    /// <param name="Path">The base disk, qcow2 or raw.</param>
    public sealed record DiskFile(AbsolutePath Path) : ImageSource
    {
        /// <summary>Null: qemu-img says what it is; a raw disk should be named, since its content can pose as another format.</summary>
        public DiskFormat? Format { get; init; }

        /// <summary>Null: the disk's own boot loader is started by the firmware.</summary>
        public DirectKernelBoot? Kernel { get; init; }
    }

    /// <summary>A disk file that publishing downloads, checks and unpacks; jobs run on published generations only.</summary>
    /// <param name="Address">http, https or file.</param>
    /// <param name="Checksum">Of what is downloaded, before it is unpacked.</param>
    public sealed record Download(DownloadAddress Address, Checksum Checksum) : ImageSource
    {
        /// <summary>Null: qemu-img says what it is.</summary>
        public DiskFormat? Format { get; init; }

        /// <summary>Null: the disk's own boot loader is started by the firmware.</summary>
        public DirectKernelBoot? Kernel { get; init; }
    }

    /// <summary>A disk that an executable of the administrator makes when the image is published; jobs run on published generations only.</summary>
    /// <param name="Recipe">The executable; config/README.md says how it is called and what it leaves.</param>
    public sealed record Build(AbsolutePath Recipe) : ImageSource
    {
        /// <summary>How long it may take.</summary>
        public TimeSpan Timeout { get; init; } = TimeSpan.FromHours(1);
    }
}

/// <summary>The disk formats a base may have.</summary>
public enum DiskFormat
{
    Qcow2,
    Raw,
}

/// <summary>A kernel that QEMU starts itself, without firmware and boot loader.</summary>
public sealed record DirectKernelBoot(AbsolutePath Kernel, AbsolutePath? Initrd, string Cmdline);
