using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Images.Sources;

/// <summary>Checks that a recipe can be run at all; a shell's own words for it would be in the log only.</summary>
internal static class RecipeFile
{
    private const UnixFileMode Executable = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <exception cref="SystemFailureException">It is missing, no file, or not executable.</exception>
    public static void EnsureUsable(ImageName image, AbsolutePath recipe)
    {
        var problem = !HostFile.Exists(recipe.Value) ? "is not there"
            : (HostFile.GetUnixFileMode(recipe.Value) & Executable) == 0 ? "is not executable"
            : null;
        if (problem is not null)
        {
            throw new SystemFailureException(
                ErrorCodes.ImageBuildFailed,
                $"the recipe {recipe} of image '{image}' {problem}",
                "Correct the image's 'build', or make the file executable (chmod +x).");
        }
    }
}
