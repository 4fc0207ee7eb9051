using VmExecutor.Core.Configuration;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Disks;
using VmExecutor.Host.Guests;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Images;
using VmExecutor.Host.Processes;
using VmExecutor.Publishing;
using VmExecutor.Stages;

namespace VmExecutor;

/// <summary>The parts that publish, switch and remove the generations of images.</summary>
internal sealed class ImageComposition(
    Settings settings, LeftoverComposition leftovers, CloneStart start, IGuestShell guestShell, IToolRunner tools, ToolEnvironment environment, TimeProvider time)
{
    public Catalogue Catalogue { get; } = new(settings.StateDir);

    public ImageKeeper Keeper => new(Catalogue, Maker, new GenerationRemover(settings.StateDir), leftovers.Locks);

    private GenerationMaker Maker => new(settings.StateDir, new QemuImg(tools), new DiskCopier(environment, time));

    public Publisher Publisher()
    {
        var hypervisor = leftovers.Hypervisors.At(leftovers.Hypervisors.Configured);
        var clones = new OwnClone(settings.StateDir, start, leftovers.Remover(hypervisor), leftovers.Locks, time);
        return new Publisher(
            Catalogue,
            new PublishSource(hypervisor, new CloneSource(hypervisor, new DomainStopper(hypervisor, time)), new QemuImg(tools)),
            Maker,
            new Probe(clones, guestShell, JobOutput.Output(), JobOutput.Error(), time),
            leftovers.Locks,
            time);
    }
}
