using VmExecutor.Core.Values;

namespace VmExecutor.Core.Configuration.Binding;

/// <summary>The rules between the keys of <c>limits:</c>.</summary>
internal static class LimitRules
{
    /// <summary>Reports a watermark that is not below its headroom: jobs would be admitted and stopped at once.</summary>
    public static void Check(BoundValues values, ErrorList errors)
    {
        var limits = LimitSettings.Keys.Bind(new(), values, "limits.");
        Check("disk", limits.DiskWatermark, limits.DiskHeadroom, values, errors);
        if (limits.Reserve == ReserveMode.Learned)
        {
            Check("memory", limits.MemoryWatermark, limits.MemoryHeadroom, values, errors);
        }
    }

    private static void Check(string what, ByteSize watermark, ByteSize headroom, BoundValues values, ErrorList errors)
    {
        var (lower, upper) = ($"{what}_watermark", $"{what}_headroom");
        if (watermark < headroom)
        {
            return;
        }

        if (values.Find($"limits.{lower}") is { Value: not null } written)
        {
            errors.Add(written.At, $"limits.{lower}", $"{watermark} is not less than '{upper}' ({headroom}), so jobs would be stopped where others are still started; write less");
        }
        else if (values.Find($"limits.{upper}") is { Value: not null } other)
        {
            errors.Add(other.At, $"limits.{upper}", $"{headroom} is not more than '{lower}' ({watermark} by default), so jobs would be stopped where others are still started; write more, or a lower '{lower}'");
        }
    }
}
