using VmExecutor.Core.Configuration;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Disks;
using VmExecutor.Host.Guests;
using VmExecutor.Host.Guests.Identity;
using VmExecutor.Host.Guests.Preparation;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Images;
using VmExecutor.Host.Images.Sources;
using VmExecutor.Host.Processes;
using VmExecutor.Host.Templates;
using VmExecutor.Publishing;
using VmExecutor.Stages;
using VmExecutor.Warming;

namespace VmExecutor;

/// <summary>The parts that publish, switch and remove the generations of images.</summary>
internal sealed class ImageComposition(
    Settings settings, LeftoverComposition leftovers, CloneStart start, IGuestShell guestShell, IToolRunner tools, IReadOnlyDictionary<string, string> variables, TimeProvider time)
{
    private readonly ToolEnvironment environment = new(variables);

    public Catalogue Catalogue { get; } = new(settings.StateDir);

    public ImageKeeper Keeper => new(Catalogue, Maker, new GenerationRemover(settings.StateDir), leftovers.Locks);

    private GenerationMaker Maker => new(settings.StateDir, new QemuImg(tools), new DiskCopier(environment, time));

    private IHypervisor Hypervisor => leftovers.Hypervisors.At(leftovers.Hypervisors.Configured);

    private OwnClone Clones => new(settings.StateDir, start, leftovers.Remover(Hypervisor), leftovers.Locks, time);

    private OwnScript Scripts => new(guestShell, JobOutput.Output(), JobOutput.Error(), time);

    public TemplateMaking Templates() => new(
        Hypervisor,
        Catalogue,
        new TemplateFinder(Hypervisor),
        Clones,
        new FrozenGuest(
            Hypervisor,
            new TemplateMaker(Hypervisor),
            new MemoryState(Hypervisor, time),
            Clones,
            new WarmUp(guestShell, new IdentityChanger(guestShell, time), Scripts, time),
            new DomainStopper(Hypervisor, time),
            time),
        leftovers.Locks);

    public Publisher Publisher()
    {
        var hypervisor = Hypervisor;
        var clones = Clones;
        var stopper = new DomainStopper(hypervisor, time);
        var guestTools = new GuestTools(guestShell, environment);
        return new Publisher(
            settings.StateDir,
            Catalogue,
            new PublishSource(
                settings.StateDir,
                hypervisor,
                new CloneSource(hypervisor, stopper),
                new QemuImg(tools),
                new DownloadSource(environment, time),
                new BuildSource(variables, tools, time),
                new SourceFingerprints(variables, tools, time)),
            Maker,
            new ToolBaking(clones, guestTools, stopper, new QemuImg(tools)),
            guestTools,
            new Probe(clones, guestShell, Scripts, time),
            leftovers.Locks,
            time);
    }
}
