using VmExecutor.Core.Clones;
using VmExecutor.Core.Failures;
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
    public const string DomainName = "domain.xml";

    /// <summary>Guest memory, which clones map privately.</summary>
    public AbsolutePath Ram => Directory.Child(RamName);

    /// <summary>The state of processors and devices.</summary>
    public AbsolutePath State => Directory.Child(StateName);

    /// <summary>The machine's XML, in which files are named by their role.</summary>
    public AbsolutePath Domain => Directory.Child(DomainName);

    /// <summary>The file of a role; null: it has none.</summary>
    public AbsolutePath? Find(string role) => Record.Files.FirstOrDefault(file => file.Role == role) is { } file ? PathOf(file) : null;

    /// <summary>The base of a clone's overlays: the template's overlays, and below them the generation's disks.</summary>
    /// <param name="bases">For each writable disk's target: the generation's.</param>
    public IReadOnlyDictionary<string, BackingChain> ChainsOn(IReadOnlyDictionary<string, BackingChain> bases) =>
        Record.Files.Where(file => file.Format is not null).ToDictionary(file => file.Role, file => On(file, bases), StringComparer.Ordinal);

    private BackingChain On(GenerationFile file, IReadOnlyDictionary<string, BackingChain> bases) => bases.TryGetValue(file.Role, out var below)
        ? below with { Files = [new BackingFile(PathOf(file), file.Format!, IsBlockDevice: false), .. below.Files] }
        : throw new SystemFailureException(
            ErrorCodes.TemplateNotLoaded,
            $"{Directory.Child(RecordName)} cannot be used: it has a disk '{PlainText.OneLine(file.Role, 60)}' that its generation does not have",
            "Make the template anew: vm-executor image warm NAME");

    public AbsolutePath PathOf(GenerationFile file) => Directory.Child(file.Path);
}
