using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Observing;
using VmExecutor.Core.Standby;
using VmExecutor.Core.Values;
using VmExecutor.Host.Capacity;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Files;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Images;
using VmExecutor.Host.Leftovers;
using VmExecutor.Host.Processes;
using VmExecutor.Host.ProjectDisks;
using VmExecutor.Host.Standby;
using VmExecutor.Host.Templates;

namespace VmExecutor.Host.Observing;

/// <summary>Reads the present facts: VMs, files, memory and disk.</summary>
public sealed class HostFactsReader(Settings settings, JobSurvey survey, TimeProvider time)
{
    /// <param name="driver">The driver's version.</param>
    /// <param name="cancellationToken">Ends the look.</param>
    /// <exception cref="HostFileException">A directory below <c>state_dir</c> cannot be listed.</exception>
    public async Task<HostFacts> ReadAsync(string driver, CancellationToken cancellationToken)
    {
        var shelf = new StandbyShelf(settings.StateDir);
        var report = shelf.ReadReport();
        return new HostFacts
        {
            Now = time.GetUtcNow(),
            Driver = driver,
            Vms = await FindVmsAsync(cancellationToken).ConfigureAwait(false),
            OverlayBytes = JobFolder.List(settings.StateDir).Ours.Where(folder => !folder.IsHalf).Sum(folder => JobDirectory.Of(settings.StateDir, folder.Key).DiskBytes()),
            Images = Images(),
            ProjectDisks = ProjectDisks(),
            Standby = report is null ? [] : Standby(report, shelf),
            StandbyTotals = report?.Totals ?? [],
            Host = HostRoom.Read(settings.StateDir),
            Limits = settings.Limits,
            IsDrained = new HostDrain(settings.StateDir).Read() is not null,
        };
    }

    private async Task<VmFacts?> FindVmsAsync(CancellationToken cancellationToken)
    {
        try
        {
            var found = await survey.TakeAsync(cancellationToken).ConfigureAwait(false);
            var inUse = found.Jobs.Where(job => job is { Leftover: null, Doubt: null }).ToList();
            return new VmFacts(
                inUse.Count(job => job.Record is { Ready: null }),
                inUse.Count(job => job.Record is { Ready: not null, Kept: false, IsStandby: false }),
                inUse.Count(job => job.Record is { Kept: true }),
                found.Jobs.Count(job => job.Leftover is not null) + found.HalfMade.Count,
                inUse.Sum(Outstanding))
            {
                DeclaredBytes = inUse.Sum(job => job.Record?.Claim?.MemoryBytes ?? 0),
                ReservedBytes = inUse.Sum(job => job.Record?.Claim?.ReservedBytes ?? 0),
                TakenBytes = inUse.Sum(Resident),
                Standby = inUse.Count(job => job.Record is { IsStandby: true }),
            };
        }
        catch (HypervisorException)
        {
            return null;
        }
    }

    private static long Outstanding(FoundJob job) => Math.Max(0, (job.Record?.Claim?.ReservedBytes ?? 0) - Resident(job));

    private static long Resident(FoundJob job) =>
        job.Processes.Where(process => process.Kind == JobProcessKind.Qemu).Sum(process => ProcessTable.ResidentMemory(process.Process.Pid) ?? 0);

    private static List<StandbyFacts> Standby(StandbyReport report, StandbyShelf shelf)
    {
        var waiting = shelf.List();
        return [.. report.Lines.GroupBy(line => line.Image, StringComparer.Ordinal).Select(lines => new StandbyFacts(
            lines.Key,
            lines.Sum(line => line.Wanted),
            waiting.Count(clone => clone.Record.Stamp.Image == lines.Key),
            lines.Any(line => line.Failures?.Until is not null)))];
    }

    private List<ProjectDiskFacts> ProjectDisks() =>
    [
        .. from folder in DiskFolder.List(settings.StateDir).Disks
           let state = folder.Read()
           where state is not null
           group (Bytes: folder.Bytes(), state.Used) by state.Image into disks
           select new ProjectDiskFacts(disks.Key, disks.Count(), disks.Sum(disk => disk.Bytes), disks.Min(disk => disk.Used)),
    ];

    private List<ImageFacts> Images()
    {
        var catalogue = new Catalogue(settings.StateDir);
        var failures = new PublishFailures(settings.StateDir);
        var images = new List<ImageFacts>();
        foreach (var name in catalogue.Names())
        {
            var generations = catalogue.Of(name);
            var failure = failures.Read(name);
            if (generations.Count > 0 || failure is not null)
            {
                var current = generations.FirstOrDefault(generation => generation.Number == Pointer(catalogue, name));
                var templates = generations.SelectMany(TemplateCatalogue.Of).ToList();
                var usable = current is null ? [] : TemplateCatalogue.Of(current);
                images.Add(new ImageFacts(
                    name.Value,
                    generations.Count,
                    generations.Sum(generation => generation.Record.Files.Where(file => !file.Path.StartsWith('/')).Sum(file => Allocated(generation.PathOf(file)))),
                    current?.Record.Published,
                    usable.Count,
                    templates.Sum(template => template.Record.Files.Sum(file => Allocated(template.PathOf(file)))),
                    usable.Count == 0 ? null : usable.Min(template => template.Record.Made))
                {
                    Current = current?.Number,
                    Digest = current?.Record.SourceDigest,
                    Failure = failure,
                });
            }
        }

        return images;
    }

    private static int? Pointer(Catalogue catalogue, ImageName name)
    {
        try
        {
            return catalogue.CurrentNumber(name);
        }
        catch (SystemFailureException)
        {
            // A damaged pointer is told by 'image list' and by every job; here the image has no current generation.
            return null;
        }
    }

    private static long Allocated(AbsolutePath path) => FileStat.TryRead(path)?.AllocatedBytes ?? 0;
}
