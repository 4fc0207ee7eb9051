using VmExecutor.Core.Images;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Templates;

/// <summary>A guest of a generation that was booted and frozen, as it lies on the host.</summary>
/// <param name="Directory"><c>state_dir/images/NAME/NUMBER/warm/FINGERPRINT</c>.</param>
/// <param name="Record">Its template.json.</param>
public sealed record Template(AbsolutePath Directory, TemplateRecord Record)
{
    public const string RamName = "ram.img";
    public const string StateName = "state.bin";
    public const string RecordName = "template.json";

    /// <summary>Guest memory, which clones map privately.</summary>
    public AbsolutePath Ram => Directory.Child(RamName);

    /// <summary>The state of processors and devices.</summary>
    public AbsolutePath State => Directory.Child(StateName);

    /// <summary>The machine's XML, in which files are named by their role.</summary>
    public AbsolutePath Domain => Directory.Child("domain.xml");

    public AbsolutePath PathOf(GenerationFile file) => Directory.Child(file.Path);
}
