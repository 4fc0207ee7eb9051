using FluentAssertions;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Jobs;
using Xunit;

namespace VmExecutor.Core.Tests.Jobs;

public sealed class JobRecordTests
{
    [Fact]
    public void A_record_reads_back_as_it_was_written()
    {
        var record = Record("group/project", new GuestRecord("127.0.0.1", 40643, "ci", "/key", ["ssh-ed25519 AAAA"], "bash") { BootId = "one", Proof = new GuestProof("abc", "52:54:00:00:00:01").InPlace("one") }, TimeSpan.FromSeconds(30));

        JobRecord.TryParse(record.ToJson()).Should().BeEquivalentTo(record);
    }

    [Fact]
    public void Unknown_values_read_back_as_unknown()
    {
        var record = Record(null, null, null);

        JobRecord.TryParse(record.ToJson()).Should().BeEquivalentTo(record);
    }

    [Fact]
    public void A_record_of_an_older_driver_is_read_without_a_boot_id()
    {
        var record = Record(null, new GuestRecord("127.0.0.1", 40643, "ci", "/key", [], "bash"), null);
        var old = record.ToJson().Replace("\"boot_id\": null", "\"unknown\": null", StringComparison.Ordinal);

        old.Should().NotContain("boot_id");
        JobRecord.TryParse(old).Should().BeEquivalentTo(record);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("{\"stamp\": null, \"domain\": \"x\", \"libvirt_uri\": \"y\", \"shell\": \"bash\"}")]
    public void A_text_that_is_no_record_is_read_as_none(string json)
    {
        JobRecord.TryParse(json).Should().BeNull();
    }

    private static JobRecord Record(string? project, GuestRecord? guest, TimeSpan? grace) => new()
    {
        Stamp = new OwnershipStamp
        {
            Key = "abc-1-ffffff",
            Project = project,
            Image = "base",
            Runner = new RunnerProcess(1, 2),
            TemporaryDirectory = project is null ? null : "/tmp/custom-executor1",
            StateDir = "/state",
            Made = new HostMoment("host", "boot", "pid:[1]", TimeSpan.FromSeconds(1.5)),
            Created = DateTimeOffset.UnixEpoch,
            Expires = DateTimeOffset.UnixEpoch.AddHours(1),
        },
        Domain = "vmx-abc-1-ffffff",
        LibvirtUri = "qemu:///system",
        Guest = guest,
        Shell = "bash",
        Bases = [new BaseFingerprint("/base.qcow2", 1, 2, 3)],
        Phases = new Dictionary<string, double> { ["boot"] = 3.25 },
        Ready = DateTimeOffset.UnixEpoch.AddMinutes(1),
        ShutdownGrace = grace,
    };
}
