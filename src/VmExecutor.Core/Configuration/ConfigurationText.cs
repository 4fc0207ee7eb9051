using VmExecutor.Core.Values;

namespace VmExecutor.Core.Configuration;

/// <summary>The content of one YAML file; relative paths in it are seen from the file's directory.</summary>
public sealed record ConfigurationText(AbsolutePath File, string Text)
{
    /// <summary>A larger file is refused, so a reader need not take in more than one byte beyond it.</summary>
    public const int MaxBytes = 1 << 20;
}

/// <summary>The files that were found in the directory of the images.</summary>
/// <param name="DirectoryExists">False: there are no images, which is worth a warning.</param>
/// <param name="Files">In the order in which the images are to appear.</param>
/// <param name="Ignored">What looks like an image and is none.</param>
public sealed record ImageTexts(
    bool DirectoryExists, IReadOnlyList<ConfigurationText> Files, IReadOnlyList<IgnoredImage> Ignored)
{
    public static ImageTexts None { get; } = new(DirectoryExists: false, [], []);
}
