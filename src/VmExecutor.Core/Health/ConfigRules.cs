using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Health;

/// <summary>Decides what is to be said of the configuration.</summary>
public static class ConfigRules
{
    /// <summary>One that can be used.</summary>
    public static IReadOnlyList<Finding> Decide(AbsolutePath file, ConfigurationResult loaded) => loaded is { Warnings.Count: 0, Settings.Images.Count: var count }
        ? [Checks.Config.Ok($"{file}: no errors, {Quantity.Of(count, "image")}")]
        : [.. loaded.Warnings.Select(warning => Checks.Config.Warning(warning.ToString(), Edit(warning.File, warning.Line)))];

    /// <summary>One with errors.</summary>
    public static IReadOnlyList<Finding> Decide(ConfigurationException refused) =>
        [.. refused.Errors.Select(error => Checks.Config.Problem(error.ToString(), Edit(error.File, error.Line)))];

    /// <summary>One that cannot be read.</summary>
    /// <param name="file">Where it is, or should be.</param>
    /// <param name="failure">Why not.</param>
    /// <param name="isMissing">Whether there is no such file.</param>
    public static IReadOnlyList<Finding> Decide(AbsolutePath file, DriverException failure, bool isMissing) =>
    [
        Checks.Config.Problem($"{failure.Message} ({failure.Code})", isMissing && failure.Code == ErrorCodes.ConfigurationMissing
            ? $"install -D -m 0644 config/vm-executor.yaml {ShellText.Quote(file.Value)}"
            : failure.Hint),
    ];

    private static string Edit(AbsolutePath file, int line) => $"editor +{line} {ShellText.Quote(file.Value)} && vm-executor check";
}
