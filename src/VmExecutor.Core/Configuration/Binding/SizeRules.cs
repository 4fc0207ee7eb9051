using VmExecutor.Core.Values;

namespace VmExecutor.Core.Configuration.Binding;

/// <summary>The rules between sizes. Each is reported where it can be mended: of two defaults in the defaults, not in each image.</summary>
internal static class SizeRules
{
    public static void Check(BoundValues values, ErrorList errors, string prefix = "")
    {
        Check<int>(values, errors, prefix, "cpus");
        Check<ByteSize>(values, errors, prefix, "memory");
    }

    /// <summary>Reports <c>auto</c> where nothing says by what the host is divided.</summary>
    public static void CheckAuto(BoundValues values, bool shareKnown, ErrorList errors, string shownPrefix = "")
    {
        foreach (var key in new[] { "cpus", "memory" })
        {
            if (!shareKnown && values.FindOwn(key) is { Value: OrAuto<int> { Said: null } or OrAuto<ByteSize> { Said: null } } own)
            {
                errors.Add(own.At, shownPrefix + key,
                    "'auto' is the host divided by 'limits.max_vms', which vm-executor.yaml does not say; add for example 'limits: {max_vms: 4}' there, or write a size here");
            }
        }
    }

    private static void Check<T>(BoundValues values, ErrorList errors, string prefix, string size)
        where T : struct, IComparable<T>
    {
        var (minKey, maxKey) = ($"{prefix}sizes.min_{size}", $"{prefix}sizes.max_{size}");
        NotAbove<T>(values, errors, minKey, maxKey);
        NotAbove<T>(values, errors, minKey, prefix + size);
        NotAbove<T>(values, errors, prefix + size, maxKey);
    }

    private static void NotAbove<T>(BoundValues values, ErrorList errors, string lower, string upper)
        where T : struct, IComparable<T>
    {
        if (values.Find(lower) is not { } least || values.Find(upper) is not { } most
            || Value<T>(least) is not { } low || Value<T>(most) is not { } high || low.CompareTo(high) <= 0)
        {
            return;
        }

        if (values.FindOwn(upper) is not null)
        {
            errors.Add(most.At, upper, $"{Quote.Plain(most.Text)} is less than '{lower}' ({Quote.Plain(least.Text)}, in {least.At}); change one of the two");
        }
        else if (values.FindOwn(lower) is not null)
        {
            errors.Add(least.At, lower, $"{Quote.Plain(least.Text)} is more than '{upper}' ({Quote.Plain(most.Text)}, in {most.At}); change one of the two");
        }
    }

    private static T? Value<T>(BoundValue value)
        where T : struct => value.Value switch
        {
            T plain => plain,
            OrAuto<T> orAuto => orAuto.Said,
            _ => null,
        };
}
