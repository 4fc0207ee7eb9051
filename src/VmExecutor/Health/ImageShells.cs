using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Health.Runner;
using VmExecutor.Core.Values;
using VmExecutor.Host.Images;

namespace VmExecutor.Health;

/// <summary>What the probes of the images' current generations know of their shells.</summary>
internal static class ImageShells
{
    /// <param name="images">The images.</param>
    /// <param name="stateDir">Where their generations are; null: not known.</param>
    public static IReadOnlyList<ImageShell> Of(IReadOnlyList<ImageDefinition> images, AbsolutePath? stateDir) =>
        [.. images.Select(image => new ImageShell(image.Name.Value, image.Shell, stateDir is null ? null : Find(image, new Catalogue(stateDir))))];

    private static bool? Find(ImageDefinition image, Catalogue catalogue)
    {
        try
        {
            return ChosenGeneration.For(image, catalogue).Generation?.Record.Probe?.NeedsPosixQuoting;
        }
        catch (DriverException)
        {
            // Another check tells of a generation that cannot be used.
            return null;
        }
    }
}
