using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Processes;

namespace VmExecutor.Host.Tests.Fakes;

/// <summary>Stamps and records of jobs that this very process asked for, so that they count as in use.</summary>
internal static class TestRecord
{
    public static OwnershipStamp Stamp(JobKey key, AbsolutePath stateDir) => new()
    {
        Key = key.Value,
        Project = "group/project",
        Image = "base",
        Runner = ProcessTable.Self(),
        TemporaryDirectory = stateDir.Value,
        StateDir = stateDir.Value,
        Made = HostClock.Now(),
        Created = DateTimeOffset.UtcNow,
        Expires = DateTimeOffset.UtcNow.AddHours(1),
    };

    public static JobRecord Of(JobKey key, AbsolutePath stateDir, string uri = "fake:///") => new()
    {
        Stamp = Stamp(key, stateDir),
        Domain = key.Domain.Value,
        LibvirtUri = uri,
        Shell = "bash",
    };

    /// <summary>Puts a record where prepare leaves it, as an administrator's hand or another time might have.</summary>
    public static void Put(JobDirectory directory, JobRecord record) => File.WriteAllText(directory.Paths.Record.Value, record.ToJson());

    /// <summary>A runner that has ended: its id belongs to a process that started at another time.</summary>
    public static readonly RunnerProcess Gone = new(Environment.ProcessId, 1);
}
