using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Clones;

/// <summary>Where everything of one job lies: one directory, so that removing it removes all.</summary>
public sealed record JobPaths(AbsolutePath Directory)
{
    public const string JobsFolder = "jobs";
    public const string RecordName = "job.json";

    public AbsolutePath Record => Directory.Child(RecordName);

    public AbsolutePath Console => Directory.Child("console.log");

    public AbsolutePath Nvram => Directory.Child("nvram.fd");

    public AbsolutePath KnownHosts => Directory.Child("known_hosts");

    public static JobPaths For(AbsolutePath stateDir, JobKey key) => new(stateDir.Child(JobsFolder).Child(key.Value));

    /// <param name="target">The disk's name in the guest, as libvirt's <c>target dev</c> has it (<c>vda</c>).</param>
    public AbsolutePath Overlay(string target) => Directory.Child($"{target}.qcow2");
}
