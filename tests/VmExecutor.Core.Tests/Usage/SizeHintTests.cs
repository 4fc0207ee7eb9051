using FluentAssertions;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Usage;
using Xunit;

namespace VmExecutor.Core.Tests.Usage;

public sealed class SizeHintTests
{
    private const long Mebibyte = 1 << 20;

    [Theory]
    [InlineData(923, 1024, "The guest's memory was nearly full: give the job more by 'variables: {VM_MEMORY: 1216MiB}'")]
    [InlineData(1800, 2000, null)]
    [InlineData(1801, 2000, "The guest's memory was nearly full: ask the administrator for 2304MiB or more ('memory' of image 'base', or 'sizes: max_memory' for what jobs may choose)")]
    [InlineData(255, 1024, "Most of the VM's memory was not used: 'variables: {VM_MEMORY: 512MiB}' is enough for the job, and lets more jobs run at once")]
    [InlineData(450, 2000, "Most of the VM's memory was not used: 'variables: {VM_MEMORY: 576MiB}' is enough for the job, and lets more jobs run at once")]
    [InlineData(256, 1024, null)]
    [InlineData(100, 512, null)]
    public void A_job_near_its_VMs_memory_or_far_below_gets_a_hint(long used, long all, string? hint) =>
        SizeHint.Of(Usage(used, all), Record(512, 2048)).Should().Be(hint);

    [Fact]
    public void The_administrator_is_named_where_jobs_may_choose_nothing()
    {
        SizeHint.Of(Usage(1000, 1024), Record(null, null)).Should().StartWith("The guest's memory was nearly full: ask the administrator for 1280MiB or more");
        SizeHint.Of(Usage(100, 1024), Record(null, null)).Should().Be(
            "Most of the VM's memory was not used: 128MiB are enough for the job. The administrator can let jobs choose less ('sizes: min_memory' of image 'base')");
        SizeHint.Of(Usage(100, 1024), Record(1024, null)).Should().BeNull("the image wants no less");
    }

    [Fact]
    public void Memory_that_only_the_host_has_seen_is_no_reason() =>
        SizeHint.Of(Usage(1024, 1024) with { IsMemoryByGuest = false }, Record(512, 2048)).Should().BeNull();

    [Theory]
    [InlineData(900, null)]
    [InlineData(901, "The job wrote nearly all that its image allows (901MiB of 1000MiB): let it write less, or ask the administrator to raise 'disks: max_overlay' of image 'base'")]
    public void A_job_near_what_it_may_write_gets_a_hint(long written, string? hint) =>
        SizeHint.Of(new JobUsage(null, null, written * Mebibyte), Record(512, 2048) with { MaxOverlayBytes = 1000 * Mebibyte }).Should().Be(hint);

    [Fact]
    public void There_is_one_hint_at_most_and_memory_comes_first() =>
        SizeHint.Of(Usage(1000, 1024) with { DiskBytes = 1000 * Mebibyte }, Record(null, null) with { MaxOverlayBytes = 1000 * Mebibyte }).Should().StartWith("The guest's memory");

    private static JobUsage Usage(long used, long all) => new(new GuestMemoryUse(used * Mebibyte, all * Mebibyte), null, null) { IsMemoryByGuest = true };

    private static JobRecord Record(long? least, long? most) => new()
    {
        Stamp = new OwnershipStamp
        {
            Key = "abc-1-ffffff",
            Project = null,
            Image = "base",
            Runner = new RunnerProcess(1, 2),
            TemporaryDirectory = null,
            StateDir = "/state",
            Made = new HostMoment("host", "boot", "pid:[1]", TimeSpan.Zero),
            Created = DateTimeOffset.UnixEpoch,
            Expires = DateTimeOffset.UnixEpoch,
        },
        Domain = "vmx-abc-1-ffffff",
        LibvirtUri = "qemu:///system",
        Shell = "bash",
        MemoryChoice = new MemoryChoice(least * Mebibyte, most * Mebibyte),
    };
}
