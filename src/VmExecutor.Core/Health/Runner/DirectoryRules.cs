using VmExecutor.Core.Configuration;

namespace VmExecutor.Core.Health.Runner;

/// <summary>Whether config.toml and the images say the same of where projects and caches are in the guest.</summary>
public static class DirectoryRules
{
    public static IReadOnlyList<Finding> Decide(RunnerEntry runner, IReadOnlyList<ImageDefinition> images)
    {
        List<Finding> findings =
        [
            .. One(runner, "builds_dir", runner.BuildsDir, images, image => image.BuildsDir),
            .. One(runner, "cache_dir", runner.CacheDir, images, image => image.CacheDir),
        ];
        return findings.Count > 0 ? findings : [Checks.RunnerDirs.Ok($"runner '{runner.Name}': builds_dir {runner.BuildsDir} and cache_dir {runner.CacheDir}, as the images have them")];
    }

    private static IEnumerable<Finding> One(RunnerEntry runner, string key, string? said, IReadOnlyList<ImageDefinition> images, Func<ImageDefinition, string> ofImage)
    {
        var wanted = images.Select(ofImage).FirstOrDefault() ?? (key == "builds_dir" ? "/builds" : "/cache");
        if (said is null)
        {
            yield return Checks.RunnerDirs.Warning(
                $"runner '{runner.Name}' has no {key}: it then hangs on the answer of the config stage alone", $"{key} = \"{wanted}\"   # in [[runners]]");
        }
        else if (!said.StartsWith('/'))
        {
            yield return Checks.RunnerDirs.Problem($"{key} of runner '{runner.Name}' is '{said}', which is no absolute path in the guest", $"{key} = \"{wanted}\"   # in [[runners]]");
        }
        else if (images.Where(image => ofImage(image) != said).ToList() is { Count: > 0 } others)
        {
            yield return Checks.RunnerDirs.Warning(
                $"{key} of runner '{runner.Name}' is {said}, but {string.Join(", ", others.Select(image => $"image '{image.Name}' says {ofImage(image)}"))}: the image wins",
                others.Count == images.Count && others.Select(ofImage).Distinct().Count() == 1 ? $"{key} = \"{ofImage(others[0])}\"   # in [[runners]]" : $"{key}: {said}   # in {others[0].File}, if it was not meant");
        }
    }
}
