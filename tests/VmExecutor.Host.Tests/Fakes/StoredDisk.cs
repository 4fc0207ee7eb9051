using VmExecutor.Core.Configuration;
using VmExecutor.Core.ProjectDisks;
using VmExecutor.Core.Values;
using VmExecutor.Host.ProjectDisks;

namespace VmExecutor.Host.Tests.Fakes;

/// <summary>Projects' disks as jobs of long ago have left them.</summary>
internal static class StoredDisk
{
    /// <param name="stateDir">The state directory.</param>
    /// <param name="project">The project's number.</param>
    /// <param name="used">When a job had it last.</param>
    /// <param name="version">0: an empty one.</param>
    /// <param name="bytes">The size of its only file, all of it on the host's disk.</param>
    /// <param name="image">Its image.</param>
    public static DiskFolder Put(AbsolutePath stateDir, long project, DateTimeOffset used, int version = 1, int bytes = 4096, string image = "base")
    {
        var owner = new ProjectDiskOwner("https://gitlab.example.com", project, $"secret/project-{project}", image, ProjectDiskScope.Project, "");
        var plan = new ProjectDiskPlan(owner, ByteSize.FromMebibytes(64), null) { BuildsDir = "/builds", CacheDir = "/cache" };
        var folder = new DiskFolder(stateDir, plan.Key);
        var half = Directory.CreateDirectory(Path.Combine(DiskFolder.All(stateDir).Value, $"put-{Guid.NewGuid():N}")).FullName;
        var file = ProjectDiskVersion.FileOf("0123abcd", version);
        File.WriteAllBytes(Path.Combine(half, file), new byte[bytes]);
        var state = ProjectDiskState.Begin(plan, "0123abcd", bytes, used) with { Version = new ProjectDiskVersion(version, used, "", [file], bytes) };
        File.WriteAllText(Path.Combine(half, "disk.json"), state.ToJson());
        Directory.Move(half, folder.Path.Value);
        return folder;
    }

    /// <summary>A disk that a guest did not mount.</summary>
    public static DiskFolder PutAside(AbsolutePath stateDir, long project, DateTimeOffset when, int bytes = 4096)
    {
        var folder = Put(stateDir, project, when, bytes: bytes);
        folder.PutAside();
        Directory.SetLastWriteTimeUtc(folder.AsidePath.Value, when.UtcDateTime);
        return folder;
    }

    public static ProjectDiskUse UseOf(DiskFolder folder)
    {
        var state = folder.Read()!;
        return new(folder.Key.Value, state.Lineage, state.Version.Number, state.Version.Files, null, IsMounted: true);
    }
}
