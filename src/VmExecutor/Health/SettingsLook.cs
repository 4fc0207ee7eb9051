using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Health;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;

namespace VmExecutor.Health;

/// <summary>The configuration, as far as it can be read: what has no error is used all the same.</summary>
/// <param name="File">Where it is, or should be.</param>
/// <param name="Settings">Null: nothing of it can be used.</param>
/// <param name="HasImages">Whether the images are known; false: one of them has an error, or the whole file has.</param>
/// <param name="Findings">What is wrong with it, or that nothing is.</param>
internal sealed record SettingsLook(AbsolutePath File, Settings? Settings, bool HasImages, IReadOnlyList<Finding> Findings)
{
    /// <summary>The images, where they are known.</summary>
    public IReadOnlyList<ImageDefinition> Images => HasImages ? Settings!.Images : [];

    /// <param name="path">Where it is looked for.</param>
    /// <param name="load">Reads all of it.</param>
    /// <param name="loadWithoutImages">Reads what needs no image.</param>
    public static SettingsLook Take(SettingsPath path, Func<ConfigurationResult> load, Func<Settings> loadWithoutImages)
    {
        try
        {
            var (settings, warnings) = load();
            var count = settings.Images.Count;
            return new SettingsLook(path.File, settings, true, warnings.Count == 0
                ? [Checks.Config.Ok($"{path.File}: no errors, {count} image{(count == 1 ? "" : "s")}")]
                : [.. warnings.Select(warning => Checks.Config.Warning(warning.ToString(), Edit(warning.File, warning.Line)))]);
        }
        catch (ConfigurationException e)
        {
            return new SettingsLook(
                path.File, WithoutImages(loadWithoutImages), false, [.. e.Errors.Select(error => Checks.Config.Problem(error.ToString(), Edit(error.File, error.Line)))]);
        }
        catch (DriverException e)
        {
            var fix = e.Code == ErrorCodes.ConfigurationMissing && HostFile.Look(path.File.Value) == Presence.Missing
                ? $"install -D -m 0644 config/vm-executor.yaml {ShellText.Quote(path.File.Value)}"
                : e.Hint;
            return new SettingsLook(path.File, WithoutImages(loadWithoutImages), false, [Checks.Config.Problem($"{e.Message} ({e.Code})", fix)]);
        }
    }

    private static Settings? WithoutImages(Func<Settings> load)
    {
        try
        {
            return load();
        }
        catch (DriverException)
        {
            return null;
        }
    }

    private static string Edit(AbsolutePath file, int line) => $"editor +{line} {ShellText.Quote(file.Value)} && {DriverVersion.Name} check";
}
