namespace VmExecutor.Core.Configuration.Binding;

/// <summary>The rules between the keys of <c>limits:</c>.</summary>
internal static class LimitRules
{
    /// <summary>Reports a watermark that is not below the headroom: jobs would be admitted and stopped at once.</summary>
    public static void Check(BoundValues values, ErrorList errors)
    {
        var limits = LimitSettings.Keys.Bind(new(), values, "limits.");
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
