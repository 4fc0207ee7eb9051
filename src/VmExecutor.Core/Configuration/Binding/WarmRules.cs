namespace VmExecutor.Core.Configuration.Binding;

/// <summary>Warnings about parts of <c>warm:</c> that work and deserve a look.</summary>
internal static class WarmRules
{
    /// <summary>Sizes of templates that no job can ask for, as far as the YAML tells: a source domain's own sizes are not known here.</summary>
    public static IEnumerable<ConfigurationWarning> Check(ImageDefinition image, BoundValues values) => values.Get<IReadOnlyList<object>>("warm.sizes", []).Cast<BoundValues>().SelectMany(item =>
        new[]
        {
            OutOfReach(item, "cpus", image.Cpus?.Said, image.Sizes.MinCpus ?? 1, image.Sizes.MaxCpus, image.Cpus is { Said: null }),
            OutOfReach(item, "memory", image.Memory?.Said, image.Sizes.MinMemory, image.Sizes.MaxMemory, image.Memory is { Said: null }),
        }.OfType<ConfigurationWarning>());

    private static ConfigurationWarning? OutOfReach<T>(BoundValues item, string key, T? own, T? least, T? most, bool isAuto)
        where T : struct, IComparable<T>
    {
        if (item.Find(key) is not { Value: T wanted } written || Nullable.Equals<T>(wanted, own) || isAuto)
        {
            return null;
        }

        var limit = (least ?? own) is { } low && wanted.CompareTo(low) < 0 ? $"the least is {low}"
            : (most ?? own) is { } high && wanted.CompareTo(high) > 0 ? $"the most is {high}"
            : null;
        return limit is null ? null : new ConfigurationWarning(
            written.At.File, written.At.Line, written.At.Column, $"warm.sizes.{key}",
            $"no job can ask for {Quote.Plain(written.Text)} ({limit}), so this template would only take disk; change 'sizes', or remove it");
    }
}
