using VmExecutor.Core.Configuration;

namespace VmExecutor.Core.ProjectDisks;

/// <summary>A disk as the quotas see it.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Owner">Its owner.</param>
/// <param name="Bytes">Of all its files on the host's disk.</param>
/// <param name="Used">When a job got it last.</param>
/// <param name="IsInUse">True: a job has it now.</param>
public sealed record MeasuredDisk(ProjectDiskKey Key, ProjectDiskOwner Owner, long Bytes, DateTimeOffset Used, bool IsInUse)
{
    /// <summary>True: no job has left anything on it, so nothing is lost with it.</summary>
    public bool IsEmpty { get; init; }
}

/// <summary>A disk that has to go.</summary>
/// <param name="Disk">Which.</param>
/// <param name="Why">As the end of a sentence, behind "since".</param>
public sealed record SurplusDisk(MeasuredDisk Disk, string Why);

/// <summary>Chooses the disks that have to go: empty ones first, then those that were not used for the longest time. One that a job uses stays.</summary>
public static class DiskQuota
{
    /// <summary>Chooses by age and by the limits of images.</summary>
    /// <param name="disks">All of the host.</param>
    /// <param name="settings">Of an image by its name; null: there is no such image any more.</param>
    /// <param name="now">The time now.</param>
    public static IReadOnlyList<SurplusDisk> Choose(IReadOnlyList<MeasuredDisk> disks, Func<string, ProjectDiskSettings?> settings, DateTimeOffset now)
    {
        var chosen = new List<SurplusDisk>();
        foreach (var image in disks.GroupBy(disk => disk.Owner.Image))
        {
            // An image that is not there may come back; its disks go with their time.
            var rule = settings(image.Key) ?? new();
            var left = Take([.. InOrder(image)], disk => IsOlder(disk.Used, now, rule.Keep) ? "no job has used it for longer than 'project_disk: keep'" : null);
            if (rule.MaxProject is { } most)
            {
                left = [.. left.GroupBy(disk => (disk.Owner.Server, disk.Owner.ProjectId))
                    .SelectMany(project => TakeBeyond([.. project], most.Bytes, "its project's disks take more than 'project_disk: max_project'"))];
            }

            TakeBeyond([.. InOrder(left)], rule.MaxTotal.Bytes, "its image's disks take more than 'project_disk: max_total'");
        }

        return chosen;

        List<MeasuredDisk> TakeBeyond(List<MeasuredDisk> group, long most, string why)
        {
            var beyond = group.Sum(disk => disk.Bytes) - most;
            return Take(group, disk =>
            {
                if (beyond <= 0)
                {
                    return null;
                }

                beyond -= disk.Bytes;
                return why;
            });
        }

        List<MeasuredDisk> Take(List<MeasuredDisk> from, Func<MeasuredDisk, string?> judge)
        {
            var left = new List<MeasuredDisk>();
            foreach (var disk in from)
            {
                if (!disk.IsInUse && judge(disk) is { } why)
                {
                    chosen.Add(new SurplusDisk(disk, why));
                }
                else
                {
                    left.Add(disk);
                }
            }

            return left;
        }
    }

    /// <summary>The order in which disks go where the host lacks room: all that no job uses.</summary>
    public static IReadOnlyList<MeasuredDisk> OrderForRoom(IReadOnlyList<MeasuredDisk> disks) => [.. InOrder(disks.Where(disk => !disk.IsInUse))];

    /// <summary>
    /// True when a time is further from now than a limit. A time that lies ahead was written before the clock was set back: one that lies further ahead than the limit would else
    /// stay for as long again.
    /// </summary>
    public static bool IsOlder(DateTimeOffset time, DateTimeOffset now, TimeSpan limit) => (now - time).Duration() > limit;

    private static IEnumerable<MeasuredDisk> InOrder(IEnumerable<MeasuredDisk> disks) =>
        disks.OrderBy(disk => !disk.IsEmpty).ThenBy(disk => disk.Used).ThenBy(disk => disk.Key.Value, StringComparer.Ordinal);
}
