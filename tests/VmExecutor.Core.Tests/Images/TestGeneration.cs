using VmExecutor.Core.Images;

namespace VmExecutor.Core.Tests.Images;

/// <summary>A generation's record, in which everything is said.</summary>
internal static class TestGeneration
{
    public static GenerationRecord Record(int number) => new()
    {
        Image = "base",
        Number = number,
        Published = DateTimeOffset.UnixEpoch.AddDays(number),
        Driver = "vm-executor 1.2.3",
        SourceKind = "domain",
        Source = "base",
        SourceFingerprint = "0123456789abcdef",
        InPlace = true,
        Files = [new GenerationFile("vda", "vda.disk", "qcow2", 4, 3, "abcd", ulong.MaxValue, long.MaxValue), new GenerationFile("nvram", "nvram", null, 2, 1, null, 1, 1)],
        Tools = [new GenerationTool("/usr/local/bin/gitlab-runner", "f")],
        Probe = new ProbeRecord(DateTimeOffset.UnixEpoch, 3.25, ["ssh-ed25519 AAAA"]),
    };
}
