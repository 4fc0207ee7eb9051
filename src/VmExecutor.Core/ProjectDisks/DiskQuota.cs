using VmExecutor.Core.Configuration;

namespace VmExecutor.Core.ProjectDisks;

/// <summary>A disk as the quotas see it.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Owner">Its owner.</param>
/// <param name="Bytes">Of all its files on the host's disk.</param>
/// <param name="Used">When a job got it last.</param>
/// <param name="IsInUse">True: a job has it now.</param>
public sealed record MeasuredDisk(ProjectDiskKey Key, ProjectDiskOwner Owner, long Bytes, DateTimeOffset Used, bool IsInUse);

/// <summary>A disk that has to go.</summary>
/// <param name="Disk">Which.</param>
/// <param name="Why">As the end of a sentence, behind "since".</param>
public sealed record SurplusDisk(MeasuredDisk Disk, string Why);

/// <summary>Chooses the disks that have to go, those first that were not used for the longest time. One that a job uses stays.</summary>
public static class DiskQuota
{
    /// <param name="disks">All of the host.</param>
    /// <param name="settings">Of an image by its name; null: there is no such image any more.</param>
    /// <param name="now">The time now.</param>
    /// <param name="missingBytes">The room that the host's disk lacks; 0: none.</param>
    public static IReadOnlyList<SurplusDisk> Choose(IReadOnlyList<MeasuredDisk> disks, Func<string, ProjectDiskSettings?> settings, DateTimeOffset now, long missingBytes)
    {
        var chosen = new List<SurplusDisk>();
        var left = disks.OrderBy(disk => disk.Used).ThenBy(disk => disk.Key.Value, StringComparer.Ordinal).ToList();

        // An image that is not there may come back; its disks go with their time.
        Take(disk => now - disk.Used > Of(disk.Owner.Image).Keep ? "no job has used it for longer than 'project_disk: keep'" : null);
        foreach (var image in left.GroupBy(disk => disk.Owner.Image).ToList())
        {
            var rule = Of(image.Key);
            if (rule.MaxProject is { } most)
            {
                foreach (var project in image.GroupBy(disk => (disk.Owner.Server, disk.Owner.ProjectId)).ToList())
                {
                    TakeBeyond([.. project], most.Bytes, "its project's disks take more than 'project_disk: max_project'");
                }
            }

            TakeBeyond([.. image.Where(left.Contains)], rule.MaxTotal.Bytes, "its image's disks take more than 'project_disk: max_total'");
        }

        var lacks = missingBytes - chosen.Sum(surplus => surplus.Disk.Bytes);
        Take(disk =>
        {
            if (lacks <= 0)
            {
                return null;
            }

            lacks -= disk.Bytes;
            return "the host's disk is nearly full";
        });
        return chosen;

        ProjectDiskSettings Of(string image) => settings(image) ?? new();

        void TakeBeyond(IReadOnlyList<MeasuredDisk> group, long most, string why)
        {
            var sum = group.Sum(disk => disk.Bytes);
            Take(disk =>
            {
                if (sum <= most || !group.Contains(disk))
                {
                    return null;
                }

                sum -= disk.Bytes;
                return why;
            });
        }

        void Take(Func<MeasuredDisk, string?> judge)
        {
            foreach (var disk in left.ToList())
            {
                if (!disk.IsInUse && judge(disk) is { } why)
                {
                    left.Remove(disk);
                    chosen.Add(new SurplusDisk(disk, why));
                }
            }
        }
    }
}
