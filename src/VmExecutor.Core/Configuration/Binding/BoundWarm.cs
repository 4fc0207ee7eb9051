using VmExecutor.Core.Values;

namespace VmExecutor.Core.Configuration.Binding;

/// <summary>Whether and how the image's clones start warm.</summary>
internal static class BoundWarm
{
    public static WarmSettings Of(BoundValues values)
    {
        var defaults = DefaultValues.Image.Warm;
        return new WarmSettings
        {
            Enabled = values.Get("warm.enabled", defaults.Enabled),
            Script = values.Get("warm.script", defaults.Script),
            Sizes = [.. Sizes(values).Select(Size).Distinct()],
        };
    }

    /// <summary>The mappings of <c>warm.sizes</c>.</summary>
    public static IEnumerable<BoundValues> Sizes(BoundValues values) => values.Get<IReadOnlyList<object>>("warm.sizes", []).Cast<BoundValues>();

    private static WarmSize Size(BoundValues item) => new(item.Get<int?>("cpus", null), item.Get<ByteSize?>("memory", null));
}
