using System.Globalization;
using VmExecutor.Core.Configuration.Binding.Kinds;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Configuration.Binding;

/// <summary>The keys of <c>limits:</c>.</summary>
internal static class LimitKeys
{
    private static readonly LimitSettings Defaults = DefaultValues.Settings.Limits;

    public static readonly Section Limits = new(
    [
        new("max_vms", new WholeNumberKind(1, 1000),
            "How many VMs this host has at a time.", "4") { Otherwise = "as many as memory and disk allow" },
        new("parallel_starts", new WholeNumberKind(1, 1000),
            "How many VMs may be starting at the same time.", "2") { Otherwise = "as many as fit" },
        new("memory_headroom", new SizeKind(),
            "Memory that no VM gets: the host's own.", "2GiB") { Default = Defaults.MemoryHeadroom.ToString() },
        new("disk_headroom", new SizeKind(),
            "Free space of state_dir's file system below which no further VM is started.", "20GiB") { Default = Defaults.DiskHeadroom.ToString() },
        new("disk_watermark", new SizeKind(),
            "Free space below which the job with the largest overlays is stopped, before the host's disk is full; less than 'disk_headroom'.", "5GiB")
        { Default = Defaults.DiskWatermark.ToString() },
        new("max_kept", new WholeNumberKind(0, 1000),
            "How many VMs of failed jobs stay at a time, of all images together; see 'keep_failed' of an image.", "1")
        { Default = Defaults.MaxKept.ToString(CultureInfo.InvariantCulture) },
        new("wait_for_capacity", new DurationKind(),
            "How long a job that does not fit waits for its turn before it fails.", "2h") { Default = DurationText.Format(Defaults.WaitForCapacity) },
    ]);

    /// <summary>The settings; what is not said or wrong is the default.</summary>
    public static LimitSettings Bind(BoundValues values) => new()
    {
        MaxVms = values.Get<int?>("limits.max_vms", Defaults.MaxVms),
        ParallelStarts = values.Get<int?>("limits.parallel_starts", Defaults.ParallelStarts),
        MemoryHeadroom = values.Get("limits.memory_headroom", Defaults.MemoryHeadroom),
        DiskHeadroom = values.Get("limits.disk_headroom", Defaults.DiskHeadroom),
        DiskWatermark = values.Get("limits.disk_watermark", Defaults.DiskWatermark),
        MaxKept = values.Get("limits.max_kept", Defaults.MaxKept),
        WaitForCapacity = values.Get("limits.wait_for_capacity", Defaults.WaitForCapacity),
    };

    /// <summary>Reports a watermark that is not below the headroom: jobs would be admitted and stopped at once.</summary>
    public static void Check(BoundValues values, ErrorList errors)
    {
        var limits = Bind(values);
        if (limits.DiskWatermark < limits.DiskHeadroom)
        {
            return;
        }

        if (values.Find("limits.disk_watermark") is { Value: not null } watermark)
        {
            errors.Add(watermark.At, "limits.disk_watermark", $"{limits.DiskWatermark} is not less than 'disk_headroom' ({limits.DiskHeadroom}), so jobs would be stopped where others are still started; write less");
        }
        else if (values.Find("limits.disk_headroom") is { Value: not null } headroom)
        {
            errors.Add(headroom.At, "limits.disk_headroom", $"{limits.DiskHeadroom} is not more than 'disk_watermark' ({limits.DiskWatermark} by default), so jobs would be stopped where others are still started; write more, or a lower 'disk_watermark'");
        }
    }
}
