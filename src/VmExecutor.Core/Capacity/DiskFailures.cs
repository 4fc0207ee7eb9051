using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Capacity;

/// <summary>Failures of a job whose VM was stopped because of the amount that the job wrote.</summary>
public static class DiskFailures
{
    /// <summary>The job has written more than its image allows. The job's author must act.</summary>
    public static BuildFailureException TooLarge(DiskLook look, string image) => new(
        ErrorCodes.OverlayTooLarge,
        $"the job has written {RoughSize.Of(look.WrittenBytes)} to its disk, more than the {RoughSize.Of(look.AllowedBytes ?? 0)} that image '{image}' allows; its VM was stopped",
        "Let the job write less: what was written and deleted may count too. Or ask the administrator to raise 'disks: max_overlay' of the image.");

    /// <summary>The host's disk is nearly full. The host's administrator must act: another host, or another moment, has room.</summary>
    public static SystemFailureException WatermarkPassed(DiskLook look, AbsolutePath stateDir) => new(
        ErrorCodes.DiskWatermarkPassed,
        $"this host's disk is nearly full: {RoughSize.Of(look.FreeBytes ?? 0)} are free in {stateDir}, less than the {look.Watermark} of 'limits: disk_watermark'. "
        + $"This job had written most ({RoughSize.Of(look.AllBytes)}), so its VM was stopped before the disk was full",
        $"Make room (df -h {stateDir}), move state_dir to a larger disk, or limit what jobs write: 'disks: max_overlay' of the image, 'limits: disk_headroom', 'limits: max_vms'.");
}
