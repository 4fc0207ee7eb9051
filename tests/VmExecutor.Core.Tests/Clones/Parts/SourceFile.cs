using System.Xml.Linq;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Clones.Parts;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Linking;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Tests.Clones.Parts;

/// <summary>A definition as users have them (the files in <c>Sources</c>), and its clones.</summary>
internal sealed class SourceFile(string name)
{
    private static readonly string Directory = Path.Combine(AppContext.BaseDirectory, "Sources");

    public XElement Xml { get; } = XElement.Load(Path.Combine(Directory, $"{name}.xml"));

    public static IEnumerable<string> Names => new DirectoryInfo(Directory).GetFiles("*.xml").Select(file => Path.GetFileNameWithoutExtension(file.Name)).Order(StringComparer.Ordinal);

    public IReadOnlyList<PartFinding> Findings(ClonePurpose purpose) => DomainReview.Of(Xml, purpose, new HashSet<string>());

    /// <summary>Its clone for a job.</summary>
    /// <param name="plan">Null: the usual one of tests.</param>
    /// <param name="bases">What the overlays stand on; null: a file that is not there.</param>
    /// <param name="accelerator">The accelerator that was found to work.</param>
    public XElement ForJob(ClonePlan? plan = null, BackingChain? bases = null, Accelerator accelerator = Accelerator.Tcg)
    {
        plan ??= TestPlan.For(TestPlan.Image());
        return LinkedClone.Derive(Xml, plan, TestPlan.Stamp(plan), Chains(ClonePurpose.Job, bases), accelerator);
    }

    /// <summary>Its clone for a person.</summary>
    public XElement ForPerson(string clone = "clone-of-it", BackingChain? bases = null, AbsolutePath? directory = null) => LinkedDomain.Derive(Xml, LinkPlan.For(
        Xml, Name(clone), Guid.NewGuid(), Chains(ClonePurpose.Person, bases), path => directory ?? path.Parent(), _ => true, TestPlan.Now));

    private static VmName Name(string text) => VmName.TryParse(text, out var name) ? name : throw new ArgumentException(text);

    private Dictionary<string, BackingChain> Chains(ClonePurpose purpose, BackingChain? bases) =>
        SourceDisk.WritableOf(Xml, purpose).ToDictionary(disk => disk.Target, _ => bases ?? TestPlan.Chain("/base/system.qcow2"));
}
