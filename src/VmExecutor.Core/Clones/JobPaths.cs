using VmExecutor.Core.Configuration;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Clones;

/// <summary>The paths of one job's files. All are in one directory, so removing that removes them all.</summary>
public sealed record JobPaths
{
    private JobPaths(AbsolutePath stateDir, JobKey key) => (StateDir, Key, Directory) = (stateDir, key, Jobs(stateDir).Child(key.Value));

    public AbsolutePath StateDir { get; }

    /// <summary>The clone's.</summary>
    public JobKey Key { get; }

    public AbsolutePath Directory { get; }

    public AbsolutePath Record => Of(JobFiles.Record);

    /// <summary>One line for each script that ran.</summary>
    public AbsolutePath Scripts => Of(JobFiles.Scripts);

    /// <summary>The destinations that its guest wanted to reach, where it has a policy.</summary>
    public AbsolutePath Egress => Of(JobFiles.Egress);

    /// <summary>The socket of the proxy while a script runs, where its guest has no other way out.</summary>
    public AbsolutePath EgressSocket => Of(JobFiles.EgressSocket);

    /// <summary>The scripts themselves, where they are kept for <c>replay</c>.</summary>
    public AbsolutePath ScriptTexts => Of(JobFiles.ScriptTexts);

    public AbsolutePath Console => Of(JobFiles.Console);

    public AbsolutePath Nvram => Of(JobFiles.Nvram);

    /// <summary>A copy of the kernel that the clone boots; most clones use the image's.</summary>
    public AbsolutePath Kernel => Of(JobFiles.Kernel);

    /// <summary>As <see cref="Kernel"/>.</summary>
    public AbsolutePath Initrd => Of(JobFiles.Initrd);

    /// <summary>The file into which a guest with such a device (ACPI ERST) writes its crash messages.</summary>
    public AbsolutePath Pstore => Directory.Child(JobFiles.Pstore.Name);

    /// <summary>The job's own private key, for images that are told who may log in.</summary>
    public AbsolutePath LoginKey => Of(JobFiles.LoginKey);

    /// <summary>The disk by which cloud-init is told who may log in.</summary>
    public AbsolutePath Seed => Of(JobFiles.Seed);

    /// <summary>The directory in which the seed is made; only its owner may read it.</summary>
    public AbsolutePath SeedFiles => Of(JobFiles.SeedFiles);

    public AbsolutePath KnownHosts => Of(JobFiles.KnownHosts);

    /// <summary>The job's repository on its way into the guest (<c>try</c>).</summary>
    public AbsolutePath Trial => Of(JobFiles.Trial);

    /// <summary>The job's artifacts on their way out of the guest (<c>try</c>).</summary>
    public AbsolutePath Artifacts => Of(JobFiles.Artifacts);

    /// <summary>The overlay of the project's disk, where the job has one.</summary>
    public AbsolutePath ProjectDisk => Directory.Child($"project-disk{JobFiles.Overlay.Name}");

    /// <summary>A new version of the project's disk, while it is written.</summary>
    public AbsolutePath NewProjectDisk => Directory.Child($"project-disk-new{JobFiles.Overlay.Name}");

    public static JobPaths For(AbsolutePath stateDir, JobKey key) => new(stateDir, key);

    /// <summary>The directory of all jobs' directories.</summary>
    public static AbsolutePath Jobs(AbsolutePath stateDir) => stateDir.Child(StateFiles.Jobs);

    /// <summary>The directory of the links of jobs that took a standby clone.</summary>
    public static AbsolutePath Taken(AbsolutePath stateDir) => stateDir.Child(StateFiles.Taken);

    /// <param name="target">The disk's name in the guest, as libvirt's <c>target dev</c> has it (<c>vda</c>).</param>
    public AbsolutePath Overlay(string target) => Directory.Child($"{target}{JobFiles.Overlay.Name}");

    private AbsolutePath Of(JobFile file) => Directory.Child(file.Name);
}
