using VmExecutor.Core.Configuration;
using VmExecutor.Core.Standby;
using VmExecutor.Core.Values;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Standby;

/// <summary>Lists the clones that wait for jobs: each has a record that says so. Keeps the report of the last fill.</summary>
public sealed class StandbyShelf(AbsolutePath stateDir)
{
    /// <summary>All of them, the oldest first.</summary>
    /// <exception cref="HostFileException">The directory of all jobs cannot be listed.</exception>
    public IReadOnlyList<StandbyClone> List() =>
    [
        .. from folder in JobFolder.List(stateDir).Ours
           where !folder.IsHalf && StandbyKey.MayBe(folder.Key)
           let directory = JobDirectory.Of(stateDir, folder.Key)
           let record = directory.Read()
           where record is { IsStandby: true }
           orderby record.Standby!.SinceBoot
           select new StandbyClone(directory, record),
    ];

    /// <summary>Those of an image, the oldest first.</summary>
    /// <exception cref="HostFileException">The directory of all jobs cannot be listed.</exception>
    public IReadOnlyList<StandbyClone> Of(ImageName image) => [.. List().Where(clone => clone.Record.Stamp.Image == image.Value)];

    /// <summary>Those that a job would get.</summary>
    /// <exception cref="HostFileException">The directory of all jobs cannot be listed.</exception>
    public IReadOnlyList<StandbyClone> Fit(StandbyFitness fitness) => [.. Of(fitness.Image.Name).Where(clone => fitness.FindMiss(clone.Record) is null)];

    /// <summary>The report of the last fill; null: there was none, or nothing is wanted.</summary>
    public StandbyReport? ReadReport()
    {
        try
        {
            return HostFile.Exists(ReportFile.Value) ? StandbyReport.TryParse(HostFile.ReadAllText(ReportFile.Value)) : null;
        }
        catch (HostFileException)
        {
            return null;
        }
    }

    /// <summary>Keeps a report of a fill.</summary>
    /// <param name="report">The report.</param>
    /// <param name="isAll">False: of some images, and the lines of the others stay.</param>
    /// <exception cref="HostFileException">The file system refused.</exception>
    public void Write(StandbyReport report, bool isAll)
    {
        var others = isAll ? [] : ReadReport()?.Lines.Where(line => report.Lines.All(own => own.Image != line.Image)) ?? [];
        var whole = report with { Lines = [.. report.Lines, .. others] };
        if (whole.Lines.Count == 0)
        {
            HostFile.Delete(ReportFile.Value);
            return;
        }

        StateDirectories.Make(stateDir);
        AtomicFile.Write(ReportFile, whole.ToJson(), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead, durably: false);
    }

    private AbsolutePath ReportFile => stateDir.Child(StateFiles.Standby);
}
