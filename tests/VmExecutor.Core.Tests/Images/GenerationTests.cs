using FluentAssertions;
using VmExecutor.Core.Images;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Images;

public sealed class GenerationTests
{
    [Fact]
    public void A_disk_that_was_copied_needs_no_second_look()
    {
        var chain = With(new GenerationFile("vda", "vda.disk", "raw", 1, 1, null, 1, 1) { VirtualBytes = 8L << 30 }).ChainOf("vda")!;

        chain.VirtualSize.Should().Be(new ByteSize(8L << 30));
        chain.Files.Should().ContainSingle().Which.Should().Be(new Core.Clones.BackingFile(new AbsolutePath("/state/images/base/1/vda.disk"), "raw", IsBlockDevice: false));
    }

    [Fact]
    public void One_that_lies_elsewhere_or_was_published_by_an_older_driver_must_be_looked_at()
    {
        With(new GenerationFile("vda", "/elsewhere/base.qcow2", "qcow2", 1, 1, null, 1, 1)).ChainOf("vda").Should().BeNull();
        With(new GenerationFile("vda", "vda.disk", "raw", 1, 1, null, 1, 1) { VirtualBytes = 1 }).ChainOf("vdb").Should().BeNull();
    }

    private static Generation With(GenerationFile file) => new(new AbsolutePath("/state/images/base/1"), new GenerationRecord
    {
        Image = "base",
        Number = 1,
        Published = DateTimeOffset.UnixEpoch,
        Driver = "t",
        SourceKind = "file",
        Source = "/f",
        SourceFingerprint = "f",
        Files = [file],
    });
}
