using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Health;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Health;

public sealed class StorageRulesTests
{
    private static readonly AbsolutePath Path = new("/var/lib/vm-executor");

    [Theory]
    [InlineData(100L, 50L, CheckStatus.Ok, "50GiB of 100GiB are free")]
    [InlineData(100L, 6L, CheckStatus.Warning, "below 4GiB (limits.disk_headroom) no VM is started")]
    [InlineData(100L, 3L, CheckStatus.Problem, "VMX1510")]
    [InlineData(100L, 0L, CheckStatus.Problem, "VMX1512")]
    [InlineData(3L, 2L, CheckStatus.Problem, "VMX1511")]
    [InlineData(null, null, CheckStatus.Warning, "does not say")]
    public void Free_space_is_held_against_the_limits(long? total, long? free, CheckStatus status, string found)
    {
        var finding = StorageRules.DecideSpace(Path, total << 30, free << 30, new LimitSettings(), new AbsolutePath("/vm-executor.yaml"));

        finding.Status.Should().Be(status);
        finding.Found.Should().Contain(found);
    }

    [Theory]
    [InlineData("xfs", true, CheckStatus.Ok, "publishing copies nothing")]
    [InlineData("xfs", false, CheckStatus.Ok, "without reflinks")]
    [InlineData("ext4", null, CheckStatus.Ok, "without reflinks")]
    [InlineData(null, null, CheckStatus.Ok, "unknown")]
    [InlineData("tmpfs", null, CheckStatus.Warning, "memory")]
    [InlineData("ramfs", null, CheckStatus.Warning, "memory")]
    [InlineData("devtmpfs", null, CheckStatus.Problem, "memory")]
    [InlineData("tmpfs on /dev", null, CheckStatus.Problem, "memory")]
    [InlineData("proc", null, CheckStatus.Problem, "takes no files")]
    [InlineData("squashfs read-only", null, CheckStatus.Problem, "mounted read-only")]
    [InlineData("tmpfs read-only", null, CheckStatus.Problem, "in memory")]
    [InlineData("overlay", null, CheckStatus.Warning, "container")]
    [InlineData("nfs", null, CheckStatus.Warning, "network")]
    [InlineData("fuse.sshfs", null, CheckStatus.Warning, "network")]
    [InlineData("fuseblk", null, CheckStatus.Ok, "without reflinks")]
    public void A_file_system_is_named_with_what_it_means(string? described, bool? reflinks, CheckStatus status, string found)
    {
        var mounted = described is null ? null : new MountedFileSystem(
            described.Split(' ')[0],
            new AbsolutePath(described.EndsWith("on /dev", StringComparison.Ordinal) ? "/dev" : "/mnt"),
            described.EndsWith("read-only", StringComparison.Ordinal),
            AdmitsOthers: true);
        var finding = StorageRules.DecideFileSystem(Path, mounted, reflinks);

        finding.Status.Should().Be(status);
        finding.Found.Should().Contain(found);
    }

    [Theory]
    [InlineData(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute, true, null, CheckStatus.Ok, "mode 711")]
    [InlineData(UnixFileMode.UserRead | UnixFileMode.UserExecute, false, null, CheckStatus.Problem, "may not write")]
    [InlineData(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherWrite, true, null, CheckStatus.Problem, "every user may write")]
    [InlineData(UnixFileMode.UserRead, true, "may not pass through /var", CheckStatus.Problem, "may not pass through /var: VMs do not start")]
    [InlineData(null, true, null, CheckStatus.Ok, "the first job makes it")]
    [InlineData(null, false, null, CheckStatus.Problem, "may not make it")]
    public void A_state_directory_must_be_writable_for_the_runner_and_passable_for_QEMU(UnixFileMode? mode, bool writable, string? obstacle, CheckStatus status, string found)
    {
        var look = new StateDirState(Path, mode, true, writable, obstacle is null ? null : (obstacle, "chmod a+x /var"));

        var finding = StorageRules.DecideStateDir(look, "gitlab-runner").Should().ContainSingle().Which;

        finding.Status.Should().Be(status);
        finding.Found.Should().Contain(found);
    }

    [Fact]
    public void A_file_in_the_place_of_the_state_directory_is_a_problem() =>
        StorageRules.DecideStateDir(new StateDirState(Path, UnixFileMode.UserRead, false, true, null), "root").Should().ContainSingle().Which.Found.Should().Contain("is not a directory");

    [Theory]
    [InlineData("qemu-img version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3)\nCopyright", CheckStatus.Ok, "qemu-img 7.2.22")]
    [InlineData("qemu-img version 5.2.0", CheckStatus.Warning, "5.2.0")]
    [InlineData("what?", CheckStatus.Warning, "what?")]
    public void Qemu_img_tells_its_version(string words, CheckStatus status, string found)
    {
        var finding = StorageRules.DecideQemuImg(words, new Version(7, 2));

        finding.Status.Should().Be(status);
        finding.Found.Should().Contain(found);
    }

    [Fact]
    public void Base_files_must_be_readable_for_QEMU_and_the_runner()
    {
        var fine = new BaseFileState(new AbsolutePath("/b.qcow2"), ["a", "b"], null, IsReadable: true);

        StorageRules.DecideBaseFiles([fine], [], 64055).Should().Equal(Checks.BaseFiles.Ok("the user QEMU runs as (64055) can read what clones stand on (/b.qcow2)"));
        StorageRules.DecideBaseFiles([fine, fine, fine, fine], [], null).Should().ContainSingle().Which.Found.Should().Be("QEMU, which runs as you do, can read what clones stand on (/b.qcow2, /b.qcow2, /b.qcow2, …)");
        StorageRules.DecideBaseFiles([fine with { Obstacle = ("it may not read /b.qcow2", "chmod a+r /b.qcow2"), IsReadable = false }], [], 64055)
            .Should().Equal(Checks.BaseFiles.Problem("images a, b: it may not read /b.qcow2; VMs do not start", "chmod a+r /b.qcow2"));
        StorageRules.DecideBaseFiles([fine with { IsReadable = false }], [], null).Should().Equal(Checks.BaseFiles.Problem("images a, b: you may not read /b.qcow2", "namei -l '/b.qcow2'"));
        StorageRules.DecideBaseFiles([fine], [(new ImageName("c"), new SystemFailureException(ErrorCodes.ImageNotPublished, "no disk", "Look."))], null)
            .Should().Equal(Checks.BaseFiles.Problem($"image c: no disk ({ErrorCodes.ImageNotPublished})", "Look."));
        StorageRules.DecideBaseFiles([], [], null).Should().ContainSingle().Which.Status.Should().Be(CheckStatus.Skipped);
    }
}
