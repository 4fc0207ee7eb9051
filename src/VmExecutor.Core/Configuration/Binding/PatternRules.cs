using VmExecutor.Core.Values;

namespace VmExecutor.Core.Configuration.Binding;

/// <summary>
/// Warns of patterns by which no job can ever get the image, since a name or the patterns of earlier images match the same. A name is never
/// taken away by a pattern, because names go first.
/// </summary>
internal static class PatternRules
{
    private const string Remedy = "for the same jobs; name the files so that this one goes first, give them different 'allow:', or remove it";

    /// <param name="images">In their order, with the places of their patterns.</param>
    public static IEnumerable<ConfigurationWarning> Check(IReadOnlyList<(ImageDefinition Image, Position At)> images)
    {
        for (var i = 0; i < images.Count; i++)
        {
            var (image, at) = images[i];
            var earlier = images.Take(i).Select(one => one.Image).Where(one => GoesToJobsOf(one, image)).ToList();
            foreach (var pattern in image.Patterns)
            {
                var named = images.Select(one => one.Image).FirstOrDefault(other => other != image && other.Name.Value == pattern && GoesToJobsOf(other, image));
                if ((named is null ? Hidden(pattern, earlier) : $"'{pattern}' is the name of the image in {named.File}, and names go before patterns; remove it") is { } message)
                {
                    yield return new ConfigurationWarning(at.File, at.Line, at.Column, "patterns", message);
                }
            }
        }
    }

    private static string? Hidden(string pattern, IReadOnlyList<ImageDefinition> earlier)
    {
        if (earlier.FirstOrDefault(one => one.Patterns.Contains(pattern)) is { } same)
        {
            return $"'{pattern}' is also a pattern of the image in {same.File}, which goes first and is for the same jobs; remove one, or give them different 'allow:'";
        }

        var glob = new Glob(pattern);
        var all = earlier.SelectMany(image => image.Patterns, (image, text) => (image.File, Text: text, Glob: new Glob(text))).ToList();
        if (all.FirstOrDefault(one => glob.IsCoveredBy([one.Glob])) is { File: { } file, Text: var wider })
        {
            return $"no job gets this image by '{pattern}': '{wider}' of the image in {file} matches all of that, goes first and is {Remedy}";
        }

        return all.Count > 1 && glob.IsCoveredBy(all.Select(one => one.Glob))
            ? $"no job gets this image by '{pattern}': patterns of the images in {string.Join(", ", all.Select(one => one.File).Distinct())} together match all of that, go first and are {Remedy}"
            : null;
    }

    /// <summary>True when every job that may use the other image may use this one, too.</summary>
    private static bool GoesToJobsOf(ImageDefinition image, ImageDefinition other) =>
        (image.Allow.Projects.Count == 0 || Projects(other).All(project => project.IsCoveredBy(Projects(image))))
        && (!image.Allow.ProtectedRefs || other.Allow.ProtectedRefs);

    /// <summary>No projects said means all of them.</summary>
    private static IReadOnlyList<ProjectGlob> Projects(ImageDefinition image) =>
        image.Allow.Projects.Count == 0 ? [new ProjectGlob("**")] : [.. image.Allow.Projects.Select(project => new ProjectGlob(project))];
}
