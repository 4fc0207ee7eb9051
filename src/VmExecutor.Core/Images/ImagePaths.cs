using System.Globalization;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Images;

/// <summary>The paths of one image's published generations, below <c>state_dir/images</c>.</summary>
public sealed record ImagePaths
{
    /// <summary>The directory in a generation's own that holds its templates.</summary>
    public const string TemplatesName = "warm";

    private ImagePaths(AbsolutePath directory) => Directory = directory;

    public AbsolutePath Directory { get; }

    /// <summary>A file with the number of the generation that jobs get; swapped by a rename.</summary>
    public AbsolutePath Current => Directory.Child("current");

    /// <summary>The file that says why the last publishing failed; it goes with the next one that succeeds.</summary>
    public AbsolutePath PublishFailure => Directory.Child("failed.json");

    /// <summary>The directory of a download until it is published, so that an interrupted one goes on.</summary>
    public AbsolutePath Download => Directory.Child("download");

    /// <summary>The blobs of a registry's image, as an OCI layout: what breaks off goes on there, and the next generation shares what is the same.</summary>
    public AbsolutePath Blobs => Directory.Child("blobs");

    /// <summary>The directory in which files are made of blobs; it is removed when publishing ends.</summary>
    public AbsolutePath Pull => Directory.Child($"{HalfMadeName.Making}pull");

    /// <summary>The directory in which a generation is packed for a registry; it is removed when pushing ends.</summary>
    public AbsolutePath Push => Directory.Child($"{HalfMadeName.Making}push");

    /// <summary>The directory in which a recipe works; it is removed when publishing ends.</summary>
    public AbsolutePath Build => Directory.Child($"{HalfMadeName.Making}build");

    /// <summary>The output of the recipe's last run.</summary>
    public AbsolutePath BuildLog => Directory.Child("build.log");

    public static ImagePaths For(AbsolutePath stateDir, ImageName image) => new(All(stateDir).Child(image.Value));

    /// <summary>The directory of all images.</summary>
    public static AbsolutePath All(AbsolutePath stateDir) => stateDir.Child(StateFiles.Images);

    public AbsolutePath Generation(int number) => Directory.Child(number.ToString(CultureInfo.InvariantCulture));

    /// <summary>The path of a generation while it is made or removed.</summary>
    /// <inheritdoc cref="HalfMadeName.Of"/>
    public AbsolutePath Half(string kind, int number, string digits) =>
        Directory.Child(HalfMadeName.Of(kind, number.ToString(CultureInfo.InvariantCulture), digits));

    /// <summary>The path of the image's whole directory while it is removed.</summary>
    public AbsolutePath Gone(string digits) => Directory.Parent().Child(HalfMadeName.Of(HalfMadeName.Removing, Directory.Name, digits));

    /// <summary>The image whose directory was being removed under this name; null: it is no such name.</summary>
    public static ImageName? GoneImage(string name) =>
        HalfMadeName.SubjectOf(name, HalfMadeName.Removing) is { } subject && ImageName.TryParse(subject, out var image) ? image : null;

    /// <summary>The number that a directory's name or the pointer means; null: none.</summary>
    public static int? NumberOf(string name) =>
        int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 && number.ToString(CultureInfo.InvariantCulture) == name
            ? number
            : null;
}
