using System.Security.Cryptography;
using System.Text;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using VmExecutor.Host.Processes;

namespace VmExecutor.Host.Images.Sources;

/// <summary>Computes a short text that changes when publishing an image again would give something else.</summary>
/// <param name="variables">The environment of the user who publishes.</param>
/// <param name="tools">For ssh-keygen.</param>
/// <param name="clock">The clock.</param>
public sealed class SourceFingerprints(IReadOnlyDictionary<string, string> variables, IToolRunner tools, TimeProvider clock)
{
    private const int LongestRecipe = 1 << 26;
    private static readonly TimeSpan KeyLimit = TimeSpan.FromMinutes(5);

    /// <summary>32 hexadecimal digits.</summary>
    /// <param name="image">Its source is a <see cref="ImageSource.Download"/> or a <see cref="ImageSource.Build"/>.</param>
    /// <param name="cancellationToken">Ends a recipe that is asked.</param>
    /// <exception cref="SystemFailureException">The recipe cannot be read.</exception>
    public async Task<string> OfAsync(ImageDefinition image, CancellationToken cancellationToken) => Short(image.Source switch
    {
        ImageSource.Download download => $"url\n{download.Address}\n{download.Checksum}",
        ImageSource.Build build => await OfRecipeAsync(image, build, cancellationToken).ConfigureAwait(false),
        var other => throw new ArgumentException($"a {other.GetType().Name} is looked at where its disks are", nameof(image)),
    });

    /// <summary>The same of a registry's image: the digest is its content's.</summary>
    /// <param name="digest">Of the manifest that the reference means.</param>
    public static string OfManifest(string digest) => Short($"oci\n{digest}");

    private static string Short(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..32];

    private async Task<string> OfRecipeAsync(ImageDefinition image, ImageSource.Build build, CancellationToken cancellationToken)
    {
        RecipeFile.EnsureUsable(image.Name, build.Recipe);
        var environment = await RecipeEnvironment.ForAsync(image, variables, tools, cancellationToken).ConfigureAwait(false);
        var told = environment.Image.OrderBy(variable => variable.Key, StringComparer.Ordinal).Select(variable => $"{variable.Key}={variable.Value}");
        var key = await KeyAsync(build.Recipe, environment, cancellationToken).ConfigureAwait(false);
        return string.Join('\n', ["build", HashOf(build.Recipe), .. told, key ?? "(no key)"]);
    }

    private static string HashOf(AbsolutePath recipe)
    {
        try
        {
            return Convert.ToHexStringLower(SHA256.HashData(HostFile.ReadAllBytes(recipe.Value, LongestRecipe)));
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw new HostFileException($"the recipe {recipe} cannot be read", e);
        }
    }

    /// <summary>The key by which the recipe identifies its result; null: the recipe does not know the question.</summary>
    private async Task<string?> KeyAsync(AbsolutePath recipe, RecipeEnvironment environment, CancellationToken cancellationToken)
    {
        // A directory of its own: a recipe that takes "--key" for its output directory makes that in here.
        var scratch = new AbsolutePath(HostDirectory.CreateTempSubdirectory("vmx-key-"));
        try
        {
            var answer = scratch.Child("answer");
            var run = RecipeRun.Start(recipe, "--key", environment, scratch, answer, scratch.Child("errors"), clock);
            var exitCode = await run.WaitAsync(KeyLimit, clock, cancellationToken).ConfigureAwait(false);
            return exitCode == 0 && BuildLog.LastLines(answer, 2) is [var line] ? line : null;
        }
        finally
        {
            HostDirectory.TryDelete(scratch.Value);
        }
    }
}
