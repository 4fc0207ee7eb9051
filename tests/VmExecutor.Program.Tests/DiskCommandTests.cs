using System.Text.Json;
using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.ProjectDisks;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Program.Tests;

/// <summary><c>disk</c>: the disks of projects are listed, shown and removed.</summary>
public sealed class DiskCommandTests : IDisposable
{
    private readonly StageBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact(Timeout = 120_000)]
    public async Task Disks_are_listed_shown_and_removed_by_their_project()
    {
        (await _bench.RunAsync("disk", "list")).Output.Should().Contain("no project has a disk");
        var first = Put(42, "group/project");
        Put(43, "group/\u001bother");

        (await _bench.RunAsync("disk", "list")).Output.Should().ContainAll("group/project", first.Value, "version 12 of 2026-11-26 10:04", "ref branch/main").And.NotContain("\u001b");
        var listed = JsonDocument.Parse((await _bench.RunAsync("disk", "list", "--json")).Output).RootElement.GetProperty("disks");
        listed.GetArrayLength().Should().Be(2);
        (await _bench.RunAsync("disk", "show", "Group/Project")).Output.Should().ContainAll("made by job", "abc-1-ffffff", "v12-0123abcd.qcow2");
        JsonDocument.Parse((await _bench.RunAsync("disk", "show", first.Value, "--json")).Output).RootElement.GetProperty("disks")[0].GetProperty("version").GetInt32().Should().Be(12);

        (await _bench.RunAsync("disk", "remove", "group/unknown")).ShouldFail(StageBench.SystemFailure, "VMX1924", "group/unknown");
        (await _bench.RunAsync("disk", "remove", "group/project")).Output.Should().Contain("1 project disk was removed");
        (await _bench.RunAsync("disk", "clear")).Output.Should().Contain("1 project disk was removed");
        Directory.GetFileSystemEntries(_bench.PathOf("state/disks")).Should().BeEmpty();
    }

    [Fact(Timeout = 120_000)]
    public async Task A_damaged_record_is_told_and_can_be_removed()
    {
        var key = Put(42, "group/project");
        _bench.Write($"state/disks/{key}/disk.json", "{ damaged");

        (await _bench.RunAsync("disk", "list")).Output.Should().ContainAll(key.Value, "damaged");
        (await _bench.RunAsync("disk", "remove", key.Value)).Output.Should().Contain("was removed");
    }

    private ProjectDiskKey Put(long id, string project)
    {
        var owner = new ProjectDiskOwner("https://gitlab.test", id, project, "small", ProjectDiskScope.ProjectAndRef, "branch/main");
        var time = new DateTimeOffset(2026, 11, 26, 10, 4, 0, TimeSpan.Zero);
        var state = ProjectDiskState.Begin(new ProjectDiskPlan(owner, ByteSize.FromMebibytes(64), null) { BuildsDir = "/builds", CacheDir = "/cache" }, "0123abcd", 1, time) with
        {
            Version = new ProjectDiskVersion(12, time, "abc-1-ffffff", ["v12-0123abcd.qcow2"], 1),
        };
        var key = ProjectDiskKey.Of(owner);
        _bench.Write($"state/disks/{key}/disk.json", state.ToJson());
        _bench.Write($"state/disks/{key}/v12-0123abcd.qcow2", "");
        return key;
    }
}
