using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Health;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;

namespace VmExecutor.Health;

/// <summary>Looks at the configuration, as far as it can be read: what has no error is used all the same.</summary>
/// <param name="File">The file, which need not be there.</param>
/// <param name="Settings">Null: nothing of it can be used.</param>
/// <param name="HasImages">Whether the images are known; false: one of them has an error, or the whole file has.</param>
/// <param name="Findings">What is wrong with it, or that nothing is.</param>
internal sealed record ConfigLook(AbsolutePath File, Settings? Settings, bool HasImages, IReadOnlyList<Finding> Findings)
{
    public IReadOnlyList<HealthCheck> All => [new(Checks.Config, () => Findings)];

    /// <summary>The images, where they are known.</summary>
    public IReadOnlyList<ImageDefinition> Images => HasImages ? Settings!.Images : [];

    /// <param name="path">The path at which it is looked for.</param>
    /// <param name="load">Reads all of it.</param>
    /// <param name="loadWithoutImages">Reads what needs no image.</param>
    public static ConfigLook Take(SettingsPath path, Func<ConfigurationResult> load, Func<Settings> loadWithoutImages)
    {
        try
        {
            var loaded = load();
            return new ConfigLook(path.File, loaded.Settings, true, ConfigRules.Decide(path.File, loaded));
        }
        catch (ConfigurationException e)
        {
            return new ConfigLook(path.File, WithoutImages(loadWithoutImages), false, ConfigRules.Decide(e));
        }
        catch (DriverException e)
        {
            var isMissing = HostFile.Look(path.File.Value) == Presence.Missing;
            return new ConfigLook(path.File, WithoutImages(loadWithoutImages), false, ConfigRules.Decide(path.File, e, isMissing));
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
}
