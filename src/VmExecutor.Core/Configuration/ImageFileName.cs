using System.Text.RegularExpressions;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Configuration;

/// <summary>A file or directory in the directory of the images that looks like an image and is none.</summary>
/// <param name="Path">The path.</param>
/// <param name="Why">It is not read, and what to do: the end of a sentence.</param>
public sealed record IgnoredImage(AbsolutePath Path, string Why);

/// <summary>Tells, by their names alone, which files in the directory of the images are images.</summary>
public static partial class ImageFileName
{
    private const string Ending = ".yaml";

    public static bool IsImage(string name) => name.EndsWith(Ending, StringComparison.Ordinal) && name[0] != '.' && name != Ending;

    /// <summary>The reason why a file that is no image looks like one; null: it does not.</summary>
    public static string? WhyIgnored(string name) => name switch
    {
        _ when IsImage(name) => null,
        _ when PackageLeftover().IsMatch(name) => "a package manager put it beside the file of that name; compare the two, then remove it",
        _ when EditorLeftover().IsMatch(name) => "an editor left it, or it was kept as a copy; remove it",
        ['.', ..] when OtherSpelling().IsMatch(name) => "its name begins with a dot; rename or remove it",
        _ when OtherSpelling().IsMatch(name) => "images are files that end in .yaml; rename or remove it",
        _ when WithYaml().IsMatch(name) => "its name does not end in .yaml; rename or remove it",
        _ => null,
    };

    // dpkg-query(1), rpm, ucf, pacman, etc-update.
    [GeneratedRegex(@"\.ya?ml\.(dpkg-(dist|old|new|tmp|bak)|rpm(new|save|orig)|ucf-(dist|old|new)|pac(new|save|orig)|apk-new|merge-error)$|^\._cfg[0-9]{4}_.*\.ya?ml$", RegexOptions.IgnoreCase)]
    private static partial Regex PackageLeftover();

    // Vim (.x.yaml.swp, x.yaml~), Emacs (#x.yaml#, .#x.yaml, x.yaml.~1~), nano (x.yaml.save), patch (.orig, .rej), macOS (._x.yaml), and hands.
    [GeneratedRegex(@"\.ya?ml(\.~[0-9]+~|~+|\.(sw[a-p]|save(\.[0-9]+)?|bak[0-9]*|backup|orig|old|rej|tmp|copy|~))$|^\.?#.*\.ya?ml#?$|^\._.*\.ya?ml$", RegexOptions.IgnoreCase)]
    private static partial Regex EditorLeftover();

    [GeneratedRegex(@"\.(ya?ml|json)$", RegexOptions.IgnoreCase)]
    private static partial Regex OtherSpelling();

    [GeneratedRegex(@"\.ya?ml(\W|_|$)", RegexOptions.IgnoreCase)]
    private static partial Regex WithYaml();
}
