using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Guests;

/// <summary>The judgement of a guest's answer. The host tests try with real shells that they give such answers.</summary>
public sealed class ReadinessTests
{
    private static readonly GuestAccess Access = new(
        new DomainName("vmx-job"), new GuestAddress("127.0.0.1", 2222), new GuestUser("ci"), new AbsolutePath("/key"), new AbsolutePath("/job"), [], GuestShell.Bash)
    {
        Places = [GuestPlace.ForBuilds("/builds"), GuestPlace.ForCache("/var/ci cache")],
    };

    [Theory]
    [InlineData("make:mkdir: cannot create directory '/builds': Permission denied", "it is not there, and user 'ci' may not make it", "install -d -o ci /builds")]
    [InlineData("write:sh: 12: cannot create /builds/.vmx-7: Permission denied", "user 'ci' may not write there", "install -d -o ci /builds")]
    [InlineData("make:mkdir: cannot create directory '/builds': Read-only file system", "its file system is read-only", "mount it for writing")]
    [InlineData("write:sh: can't create /builds/.vmx-7: Read-only file system", "its file system is read-only", "mount it for writing")]
    [InlineData("write:head: error writing 'standard output': No space left on device", "its file system is full", "larger disk")]
    [InlineData("file:", "it is there and is no directory", "remove what is in the way")]
    [InlineData("link:", "it is a symbolic link to something that is not there", "remove what is in the way")]
    [InlineData("make:mkdir: can't create directory '/builds': Not a directory", "a part of its path is no directory", "remove what is in the way")]
    [InlineData("write:head: write error: Disk quota exceeded", "user 'ci' has used up the disk quota there (Disk quota exceeded)", "Raise the quota of 'ci'")]
    [InlineData("make:", "it cannot be made", "install -d -o ci /builds")]
    public void A_place_to_build_that_cannot_be_used_is_a_failure_with_path_user_reason_and_fix(string fault, string reason, string fix)
    {
        var failure = FluentActions.Invoking(() => Readiness.Judge(Access, $"vmx-tmp:/tmp\nvmx-place:1:{fault}\nvmx-ready:\n"))
            .Should().Throw<SystemFailureException>().Which;

        failure.Code.Should().Be(ErrorCodes.GuestPlaceUnusable);
        failure.Message.Should().Contain("ci@vmx-job").And.Contain("/builds, where the runner checks projects out ('builds_dir')").And.Contain(reason);
        failure.Hint.Should().Contain(fix).And.Contain("builds_dir: /home/ci/builds");
    }

    [Fact]
    public void A_cache_that_cannot_be_kept_is_a_remark_with_the_fix() =>
        Readiness.Judge(Access, "vmx-place:2:make:mkdir: cannot create directory '/var/ci cache': Permission denied\nvmx-ready:\n").Remarks
            .Should().ContainSingle().Which.Should().ContainAll("/var/ci cache", "'cache_dir'", "Permission denied", "install -d -o ci '/var/ci cache'", "cache_dir: /home/ci/cache");

    [Theory]
    [InlineData("write:head: error writing 'standard output': No space left on device", "its file system is full")]
    [InlineData("write:sh: cannot create: Read-only file system", "its file system is read-only")]
    [InlineData("write:sh: cannot create: Permission denied", "user 'ci' may not write there")]
    public void Where_no_script_can_be_stored_the_failure_says_why(string fault, string reason)
    {
        var failure = FluentActions.Invoking(() => Readiness.Judge(Access, $"vmx-tmp:/var/tmp/x\nvmx-place:0:{fault}\nvmx-ready:\n")).Should().Throw<SystemFailureException>().Which;

        failure.Code.Should().Be(ErrorCodes.GuestCannotRunScripts);
        failure.Message.Should().Contain("/var/tmp/x").And.Contain(reason);
    }

    [Fact]
    public void A_guest_that_names_nothing_is_ready() =>
        Readiness.Judge(Access, "vmx-cloud-init:none\nvmx-ready:\n").Should().BeEquivalentTo(new GuestLook());

    [Theory]
    [InlineData("vmx-cloud-init:running\n", CloudInitState.Running)]
    [InlineData("vmx-cloud-init:failed\n", CloudInitState.Failed)]
    [InlineData("vmx-cloud-init:done\n", CloudInitState.Done)]
    [InlineData("vmx-cloud-init:none\n", CloudInitState.None)]
    [InlineData("vmx-cloud-init:\n", CloudInitState.None)]
    [InlineData("", CloudInitState.None)]
    public void Cloud_init_is_at_work_only_if_the_guest_says_so(string output, CloudInitState state) => Readiness.Judge(Access, output).CloudInit.Should().Be(state);

    [Theory]
    [InlineData(0, CloudInitState.Done)]
    [InlineData(1, CloudInitState.Failed)]
    [InlineData(2, CloudInitState.Degraded)]
    [InlineData(137, CloudInitState.Failed)]
    public void Two_means_done_with_recoverable_errors(int status, CloudInitState state) => CloudInit.ParseEnd($"vmx-cloud-init-end:{status}\n").Should().Be(state);

    [Theory]
    [InlineData("""{"v1": {"datasource": null, "stage": "modules-final"}}""", "modules-final")]
    [InlineData("""{"v1": {"stage": null}}""", null)]
    [InlineData("", null)]
    public void The_stage_is_read_from_status_json(string status, string? stage) => CloudInit.ParseStage(status).Should().Be(stage);
}
