using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Images;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Clones;

/// <summary>Checks the files that an image's YAML names, before a VM is started in vain.</summary>
public static class ImageFiles
{
    // The only one that may be a block device.
    private const string DiskKey = "file";

    /// <summary>The troubles of the files, one sentence each; empty: the driver can open all of them.</summary>
    public static IReadOnlyList<string> Problems(ImageDefinition image) => Problems(Own(image).Concat(OfSource(image)).Concat(ForPublishing(image)));

    /// <param name="image">The image to clone.</param>
    /// <param name="generation">Set: the clone stands on it, so the source's own files do not matter.</param>
    /// <exception cref="SystemFailureException">Something is wrong; all of it is named.</exception>
    public static void EnsureUsable(ImageDefinition image, Generation? generation)
    {
        var problems = Problems(generation is null ? Own(image).Concat(OfSource(image)) : Own(image));
        if (problems.Count > 0)
        {
            throw new SystemFailureException(
                ErrorCodes.ImageFileUnusable,
                $"image '{image.Name}': {string.Join("; ", problems)}",
                $"Correct the paths in {image.File}, or the files' owner and mode: the runner's user must be able to read them.");
        }
    }

    private static IReadOnlyList<string> Problems(IEnumerable<(string Key, AbsolutePath Path)> files) =>
        [.. files.Select(file => Problem(file.Key, file.Path)).OfType<string>()];

    private static IEnumerable<(string Key, AbsolutePath Path)> Own(ImageDefinition image)
    {
        if (image.Ssh.Key is { } key)
        {
            yield return ("ssh.key", key);
        }

        if (image.PrepareHook is { } hook)
        {
            yield return ("prepare_hook.script", hook.Script);
        }
    }

    private static IEnumerable<(string Key, AbsolutePath Path)> ForPublishing(ImageDefinition image)
    {
        if (image.Publish.Probe is { } probe)
        {
            yield return ("publish.probe", probe);
        }

        if (image.Warm is { Enabled: true, Script: { } script })
        {
            yield return ("warm.script", script);
        }

        if (image.Source is ImageSource.Build build)
        {
            yield return ("build", build.Recipe);
        }
    }

    private static IEnumerable<(string Key, AbsolutePath Path)> OfSource(ImageDefinition image)
    {
        if (image.Source is ImageSource.DiskFile file)
        {
            yield return (DiskKey, file.Path);
            if (file.Kernel is { } kernel)
            {
                yield return ("kernel", kernel.Kernel);
                if (kernel.Initrd is { } initrd)
                {
                    yield return ("initrd", initrd);
                }
            }
        }
    }

    private static string? Problem(string key, AbsolutePath path)
    {
        try
        {
            (key == DiskKey ? HostFile.OpenRead(path.Value) : HostFile.OpenRegular(path.Value)).Dispose();
            return null;
        }
        catch (HostFileException e) when (e.IsMissing)
        {
            return $"{key} {path} does not exist";
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            return $"{key} {path} cannot be read ({HostFileException.ReasonOf(e)})";
        }
    }
}
