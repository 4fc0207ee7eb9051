using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Clones;

/// <summary>Where everything of one job lies: one directory, so that removing it removes all.</summary>
public sealed record JobPaths
{
    public const string JobsFolder = "jobs";
    public const string RecordName = "job.json";

    private JobPaths(AbsolutePath stateDir, AbsolutePath directory) => (StateDir, Directory) = (stateDir, directory);

    public AbsolutePath StateDir { get; }

    public AbsolutePath Directory { get; }

    public AbsolutePath Record => Directory.Child(RecordName);

    /// <summary>One line for each script that ran.</summary>
    public AbsolutePath Scripts => Directory.Child("scripts.jsonl");

    /// <summary>The scripts themselves, where they are kept for <c>replay</c>.</summary>
    public AbsolutePath ScriptTexts => Directory.Child("scripts");

    public AbsolutePath Console => Directory.Child("console.log");

    public AbsolutePath Nvram => Directory.Child("nvram.fd");

    /// <summary>Where a guest with such a device (ACPI ERST) keeps what it says when it crashes.</summary>
    public AbsolutePath Pstore => Directory.Child("pstore.raw");

    /// <summary>The job's own private key, for images that are told who may log in.</summary>
    public AbsolutePath LoginKey => Directory.Child("id_ed25519");

    /// <summary>The disk by which cloud-init is told who may log in.</summary>
    public AbsolutePath Seed => Directory.Child("seed.iso");

    /// <summary>Where the seed is made; nobody but its owner looks in.</summary>
    public AbsolutePath SeedFiles => Directory.Child("seed");

    public AbsolutePath KnownHosts => Directory.Child("known_hosts");

    public static JobPaths For(AbsolutePath stateDir, JobKey key) => new(stateDir, Jobs(stateDir).Child(key.Value));

    /// <summary>The directory of all jobs' directories.</summary>
    public static AbsolutePath Jobs(AbsolutePath stateDir) => stateDir.Child(JobsFolder);

    /// <param name="target">The disk's name in the guest, as libvirt's <c>target dev</c> has it (<c>vda</c>).</param>
    public AbsolutePath Overlay(string target) => Directory.Child($"{target}.qcow2");
}
