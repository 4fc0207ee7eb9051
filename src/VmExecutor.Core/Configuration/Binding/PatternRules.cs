namespace VmExecutor.Core.Configuration.Binding;

/// <summary>Warns of patterns by which no job can ever get the image.</summary>
internal static class PatternRules
{
    /// <param name="images">In their order, with the places of their patterns.</param>
    public static IEnumerable<ConfigurationWarning> Check(IReadOnlyList<(ImageDefinition Image, Position At)> images)
    {
        for (var i = 0; i < images.Count; i++)
        {
            var (image, at) = images[i];
            foreach (var pattern in image.Patterns)
            {
                if (images.FirstOrDefault(other => other.Image != image && other.Image.Name.Value == pattern).Image is { } named)
                {
                    yield return Warning(at, $"'{pattern}' is the name of the image in {named.File}, and names go before patterns; remove it");
                }
                else if (images.Take(i).FirstOrDefault(earlier => Hides(earlier.Image, image, pattern)).Image is { } first)
                {
                    yield return Warning(at, $"'{pattern}' is also a pattern of the image in {first.File}, which goes first and is for the same jobs; remove one, or give them different 'allow:'");
                }
            }
        }
    }

    private static bool Hides(ImageDefinition earlier, ImageDefinition later, string pattern) =>
        earlier.Patterns.Contains(pattern)
        && (earlier.Allow.Projects.Count == 0 || earlier.Allow.Projects.ToHashSet(StringComparer.OrdinalIgnoreCase).SetEquals(later.Allow.Projects))
        && (!earlier.Allow.ProtectedRefs || later.Allow.ProtectedRefs);

    private static ConfigurationWarning Warning(Position at, string message) => new(at.File, at.Line, at.Column, "patterns", message);
}
