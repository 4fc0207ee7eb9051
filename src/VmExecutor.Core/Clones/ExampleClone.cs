using System.Xml.Linq;
using VmExecutor.Core.Clones.Parts;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Clones;

/// <summary>A job's clone before there is a job: derived as for a job, with placeholders for the parts that only a job has.</summary>
public static class ExampleClone
{
    /// <summary>A placeholder path for the disk of an image that has none yet, since publishing downloads or builds it.</summary>
    public static readonly AbsolutePath DiskToCome = new("/DISK-OF-THE-IMAGE");

    private static readonly TimeSpan JobTimeout = TimeSpan.FromHours(1);

    /// <param name="source">The source's inactive domain XML; it is not changed.</param>
    /// <param name="image">The image whose settings count.</param>
    /// <param name="stateDir">The state directory.</param>
    /// <exception cref="Failures.SystemFailureException">The source has parts that clones cannot have; all of them are named.</exception>
    public static XElement Derive(XElement source, ImageDefinition image, AbsolutePath stateDir)
    {
        var job = new Job
        {
            Key = new JobKey("https://gitlab.example.com", "example", 1),
            Id = 1,
            Server = "https://gitlab.example.com",
            Timeout = JobTimeout,
        };
        var plan = new ClonePlan
        {
            Job = job,
            Image = image,
            Paths = JobPaths.For(stateDir, job.Key),
            CardSeed = "",
            Sizes = new CloneSizes { Cpus = image.Cpus?.Said, Memory = image.Memory?.Said },
        };
        var stamp = plan.Stamp(new RunnerProcess(1, 0), null, new HostMoment("host", "boot", "processes", default), DateTimeOffset.UnixEpoch);

        // All refused parts are named at once, before a disk is looked at: a failure of the disk would name only that disk.
        DomainReview.Demand(source, ClonePurpose.Job, image.AllowParts);
        var chains = new Dictionary<string, BackingChain>(StringComparer.Ordinal);
        foreach (var disk in SourceDisk.WritableOf(source))
        {
            chains[disk.Target] = new BackingChain([new BackingFile(disk.Path, disk.Format ?? "qcow2", IsBlockDevice(source, disk))], default);
        }

        var clone = LinkedClone.Derive(source, plan, stamp, chains, image.Accelerator == Accelerator.Tcg ? Accelerator.Tcg : Accelerator.Kvm);

        // The stamp names the owner of a clone, and this example has none.
        clone.Elements("metadata").Elements(StampXml.Namespace + "job").Remove();
        clone.Elements("metadata").Where(metadata => !metadata.HasElements).Remove();
        clone.AddFirst(new XComment(
            $" vm-executor: {job.Key} stands for a job: its name, UUID, addresses and paths are other ones. Of a disk's backing chain only the first file is written here. "));
        return clone;
    }

    private static bool IsBlockDevice(XElement source, SourceDisk disk) =>
        source.Elements("devices").Elements("disk").Any(element => (string?)element.Attribute("type") == "block" && SourceDisk.TargetOf(element) == disk.Target);
}
