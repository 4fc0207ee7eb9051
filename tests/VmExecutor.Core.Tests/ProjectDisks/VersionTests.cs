using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.ProjectDisks;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.ProjectDisks;

/// <summary>The versions of a disk, and the disks that have to go.</summary>
public sealed class VersionTests
{
    private static readonly DateTimeOffset Time = new(2026, 11, 26, 10, 4, 0, TimeSpan.Zero);
    private static readonly ProjectDiskOwner Owner = new("https://gitlab.test", 42, "group/project", "small", ProjectDiskScope.Project, "");

    private static ProjectDiskState Fresh => ProjectDiskState.Begin(
        new ProjectDiskPlan(Owner, ByteSize.FromMebibytes(1024), null) { BuildsDir = "/builds", CacheDir = "/cache" }, "0123abcd", 5 << 20, Time);

    [Fact]
    public void A_thousand_promotions_leave_one_version_of_at_most_two_files_and_cost_a_multiple_of_what_was_written()
    {
        const long Written = 1 << 20;
        var random = new Random(20);
        var state = Fresh;
        var sizes = new Dictionary<string, long>(StringComparer.Ordinal) { [state.Version.Files[0]] = 5 << 20 };
        var inFlight = new List<ProjectDiskUse>();
        var cost = 0L;
        for (var promotion = 1; promotion <= 1000; promotion++)
        {
            // Some other jobs are on a version while this one makes the next, and some of them make one of theirs later.
            inFlight.Add(new ProjectDiskUse("42", state.Lineage, state.Version.Number, state.Version.Files, null, IsMounted: true));
            var at = random.Next(inFlight.Count);
            var use = inFlight[at];
            inFlight.RemoveAt(at);
            inFlight.RemoveRange(0, Math.Max(0, inFlight.Count - 9));

            use.Files.Should().OnlyContain(file => sizes.ContainsKey(file), "the files of a job's version stay");
            var overlay = Written + (VersionChoice.NewBase(use.Files) is null ? 0 : sizes[use.Files[1]]);
            var lower = use.Files[0];
            var isFlat = VersionChoice.IsFlattened(overlay, sizes[lower], room: null);
            var version = VersionChoice.Next(state, Time, "job", isFlat ? null : lower, 1);
            sizes[version.Files[^1]] = isFlat ? Math.Min(64 << 20, overlay + sizes[lower]) : overlay;
            cost += overlay + (isFlat ? overlay + sizes[lower] : 0);
            version.Files.Count.Should().BeLessThanOrEqualTo(2);
            version.Number.Should().Be(promotion);
            state = state with { Version = version };
            VersionChoice.Unused(sizes.Keys, state, inFlight).ToList().ForEach(file => sizes.Remove(file));
        }

        VersionChoice.Unused(sizes.Keys, state, []).ToList().ForEach(file => sizes.Remove(file));
        sizes.Keys.Should().BeEquivalentTo(state.Version.Files);
        (cost / 1000).Should().BeLessThan(64 * Written, "each promotion would else write the whole disk");
    }

    [Fact]
    public void A_state_is_read_as_it_was_written_and_one_whose_files_lead_elsewhere_is_none()
    {
        var state = Fresh with { Version = new ProjectDiskVersion(12, Time, "abc-1-ffffff", ["v0-0123abcd.qcow2", "v12-0123abcd.qcow2"], 7) };

        ProjectDiskState.TryParse(state.ToJson()).Should().BeEquivalentTo(state);
        state.Version.Text.Should().Be("version 12 of 2026-11-26 10:04");
        ProjectDiskState.TryParse(state.ToJson().Replace("v12-0123abcd.qcow2", "../../secret.qcow2", StringComparison.Ordinal)).Should().BeNull();
        ProjectDiskState.TryParse("{}").Should().BeNull();
    }

    [Fact]
    public void Only_files_that_no_version_and_no_job_needs_are_unused()
    {
        var state = Fresh with { Version = new ProjectDiskVersion(3, Time, "", ["v1-0123abcd.qcow2", "v3-0123abcd.qcow2"], 0) };
        string[] names = ["disk.json", "v0-0123abcd.qcow2", "v1-0123abcd.qcow2", "v2-0123abcd.qcow2", "v3-0123abcd.qcow2", "v9-ffffffff.qcow2", "notes.txt", "disk.json.0123456789abcdef0123456789abcdef.tmp"];

        VersionChoice.Unused(names, state, [new("42", state.Lineage, 2, ["v1-0123abcd.qcow2", "v2-0123abcd.qcow2"], null, false)]).Should().Equal("v0-0123abcd.qcow2", "v9-ffffffff.qcow2", "disk.json.0123456789abcdef0123456789abcdef.tmp");
    }

    [Fact]
    public void Disks_go_by_age_by_the_projects_limit_and_by_the_images_empty_ones_first_and_never_in_use()
    {
        var settings = new ProjectDiskSettings { Size = ByteSize.FromMebibytes(1), Keep = TimeSpan.FromDays(10), MaxTotal = new ByteSize(100), MaxProject = new ByteSize(50) };
        MeasuredDisk[] disks =
        [
            Disk(1, "a", 10, days: 11), Disk(1, "b", 30, days: 9), Disk(1, "c", 30, days: 1),
            Disk(2, "a", 10, days: 12, isInUse: true), Disk(2, "b", 30, days: 8), Disk(3, "", 40, days: 7), Disk(4, "", 5, days: 2),
        ];

        Chosen().Should().Equal("1 a keep", "1 b max_project", "2 b max_total");
        DiskQuota.OrderForRoom(disks).Select(disk => $"{disk.Owner.ProjectId} {disk.Owner.Part}").Should().Equal("1 a", "1 b", "2 b", "3 ", "4 ", "1 c");

        disks[5] = disks[5] with { IsEmpty = true };
        Chosen().Should().Equal("1 a keep", "1 b max_project", "3  max_total");
        DiskQuota.OrderForRoom(disks)[0].Owner.ProjectId.Should().Be(3, "nothing is lost with it");

        IEnumerable<string> Chosen() => DiskQuota.Choose(disks, _ => settings, Time)
            .Select(surplus => $"{surplus.Disk.Owner.ProjectId} {surplus.Disk.Owner.Part} {new[] { "keep'", "max_project", "max_total" }.First(surplus.Why.Contains).TrimEnd('\'')}");

        static MeasuredDisk Disk(long project, string part, long bytes, int days, bool isInUse = false)
        {
            var owner = Owner with { ProjectId = project, Scope = ProjectDiskScope.JobName, Part = part };
            return new(ProjectDiskKey.Of(owner), owner, bytes, Time.AddDays(-days), isInUse);
        }
    }

    [Fact]
    public void A_disk_of_an_image_that_is_not_configured_goes_with_its_time_only()
    {
        var disk = new MeasuredDisk(ProjectDiskKey.Of(Owner), Owner, 10, Time.AddDays(-13), IsInUse: false);

        DiskQuota.Choose([disk], _ => null, Time).Should().BeEmpty();
        DiskQuota.Choose([disk with { Used = Time.AddDays(-15) }], _ => null, Time).Should().ContainSingle();
    }

    [Fact]
    public void Many_thousand_disks_are_judged_in_a_few_looks_at_each()
    {
        var settings = new ProjectDiskSettings { Size = ByteSize.FromMebibytes(1), MaxTotal = new ByteSize(1), MaxProject = new ByteSize(1) };
        var looks = 0;
        var disks = Enumerable.Range(0, 20_000).Select(number => Owner with { ProjectId = number % 4_000, Scope = ProjectDiskScope.ProjectAndRef, Part = $"branch/{number}" })
            .Select(owner => new MeasuredDisk(ProjectDiskKey.Of(owner), owner, 1, Time, IsInUse: false)).ToList();

        DiskQuota.Choose(disks, _ => { looks++; return settings; }, Time).Should().HaveCount(19_999);
        looks.Should().Be(1, "there is one image");
    }
}
