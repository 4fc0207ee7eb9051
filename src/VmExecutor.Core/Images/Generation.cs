using VmExecutor.Core.Values;

namespace VmExecutor.Core.Images;

/// <summary>A frozen version of an image, as it lies on the host.</summary>
/// <param name="Directory"><c>state_dir/images/NAME/NUMBER</c>.</param>
/// <param name="Record">Its image.json.</param>
public sealed record Generation(AbsolutePath Directory, GenerationRecord Record)
{
    public int Number => Record.Number;

    /// <summary>Its domain XML, in which files are named by their role.</summary>
    public AbsolutePath Domain => Directory.Child("domain.xml");

    /// <summary>Where one of its files lies: in its directory, or where it was when it was published in place.</summary>
    public AbsolutePath PathOf(GenerationFile file) => Directory.Resolve(file.Path);
}
