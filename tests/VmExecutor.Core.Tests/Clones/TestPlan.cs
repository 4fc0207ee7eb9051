using VmExecutor.Core.Clones;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Tests.Clones;

/// <summary>A plan and a stamp for tests that look at domain XML.</summary>
internal static class TestPlan
{
    public static readonly DateTimeOffset Now = new(2026, 11, 22, 20, 0, 0, TimeSpan.Zero);

    public static readonly HostMoment Made = new("runner-host", "8a3c0f5e", "pid:[4026531836]", TimeSpan.FromHours(30));

    public static ImageDefinition Image(ImageSource? source = null) => new()
    {
        File = new AbsolutePath("/etc/vm-executor/images/base.yaml"),
        Name = new ImageName("base"),
        Source = source ?? new ImageSource.Domain("base"),
        Ssh = new SshSettings { User = "ci", Key = new AbsolutePath("/etc/vm-executor/key") },
    };

    public static ClonePlan For(ImageDefinition image, string? project = "group/project") => new()
    {
        Job = new Job
        {
            Key = new JobKey("https://gitlab.example.com", "abc", 1),
            Id = 1,
            Server = "https://gitlab.example.com",
            ProjectPath = project,
            Image = "base",
            Timeout = TimeSpan.FromHours(1),
        },
        Image = image,
        Paths = JobPaths.For(new AbsolutePath("/state"), new JobKey("https://gitlab.example.com", "abc", 1)),
        CardSeed = "seed",
    };

    public static OwnershipStamp Stamp(ClonePlan plan) =>
        plan.Stamp(new RunnerProcess(42, 4242), new AbsolutePath("/tmp/custom-executor1"), Made, Now);

    public static BackingChain Chain(params string[] files) =>
        new([.. files.Select(file => new BackingFile(new AbsolutePath(file), file.EndsWith(".raw", StringComparison.Ordinal) ? "raw" : "qcow2", false))], ByteSize.FromMebibytes(1024));
}
