using System.Globalization;
using VmExecutor.Core.Configuration.Binding.Kinds;

namespace VmExecutor.Core.Configuration.Binding;

/// <summary>The keys of <c>keep_scripts:</c>.</summary>
internal static class KeepScriptsKeys
{
    private static readonly KeepScriptsSettings Defaults = DefaultValues.Settings.KeepScripts;

    public static readonly Section KeepScripts = new(
    [
        new("for", new DurationKind(TimeSpan.FromDays(30)),
            "How long the scripts of a failed job are kept for 'vm-executor replay'. They hold the job's variables, secrets too, and are readable by the runner's user only.",
            "24h") { Otherwise = "none is kept" },
        new("max", new WholeNumberKind(1, 1000), "Of how many jobs they are kept; the oldest go first.", "50")
        { Default = Defaults.Max.ToString(CultureInfo.InvariantCulture) },
    ]);

    /// <summary>The settings; what is not said or wrong is the default, so what is wrong keeps nothing.</summary>
    public static KeepScriptsSettings Bind(BoundValues values) => new()
    {
        For = values.Get<TimeSpan?>("keep_scripts.for", Defaults.For),
        Max = values.Get("keep_scripts.max", Defaults.Max),
    };
}
