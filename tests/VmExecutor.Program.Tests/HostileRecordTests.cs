using FluentAssertions;
using FsCheck.Fluent;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Tests.Values;
using VmExecutor.Core.Values;
using VmExecutor.Starting;
using Xunit;

namespace VmExecutor.Program.Tests;

/// <summary>A record in which anything may stand: it says how to reach a guest, or it is damaged; it is never a bug.</summary>
public sealed class HostileRecordTests
{
    private static readonly JobKey Key = new("https://gitlab.example.com", "abc", 1);
    private static readonly JobPaths Paths = JobPaths.For(new AbsolutePath("/state"), Key);

    [Fact]
    public void Any_texts_in_a_record_are_an_access_or_none() =>
        ForAny.Value(
            from texts in HostileText.Any.ListOf(6)
            from port in Gen.Choose(-1, 70_000)
            select (Texts: texts.ToList(), Port: port),
            given => GuestOfJob.TryAccess(
                Key, Paths, Record(new GuestRecord(given.Texts[0], given.Port, given.Texts[1], given.Texts[2], [given.Texts[3]], given.Texts[4]), given.Texts[5]))
                .Should().BeNull());

    [Theory]
    [InlineData("-oProxyCommand=id", 22, "ci", "/key", "ssh-ed25519 AAAA", "bash")]
    [InlineData("127.0.0.1", 0, "ci", "/key", "ssh-ed25519 AAAA", "bash")]
    [InlineData("127.0.0.1", 22, "-oProxyCommand=id", "/key", "ssh-ed25519 AAAA", "bash")]
    [InlineData("127.0.0.1", 22, "ci", "key", "ssh-ed25519 AAAA", "bash")]
    [InlineData("127.0.0.1", 22, "ci", "/key", "ssh-ed25519 AAAA\n* ssh-rsa BBBB", "bash")]
    [InlineData("127.0.0.1", 22, "ci", "/key", null, "bash")]
    [InlineData("127.0.0.1", 22, "ci", "/key", "ssh-ed25519 AAAA", "7")]
    [InlineData("127.0.0.1", 22, "ci", "/key", "ssh-ed25519 AAAA", "fish")]
    public void One_part_that_is_none_makes_a_record_a_damaged_one(string host, int port, string user, string key, string? hostKey, string shell)
    {
        var record = Record(new GuestRecord(host, port, user, key, [hostKey!], "bash"), shell);

        GuestOfJob.TryAccess(Key, Paths, record).Should().BeNull();
        FluentActions.Invoking(() => GuestOfJob.Access(Key, Paths, record)).Should().Throw<SystemFailureException>()
            .Which.Code.Should().Be(ErrorCodes.GuestNotPrepared);
    }

    private static JobRecord Record(GuestRecord guest, string shell) => new()
    {
        Stamp = new OwnershipStamp
        {
            Key = Key.Value,
            Project = null,
            Image = "base",
            Runner = new RunnerProcess(1, 2),
            TemporaryDirectory = null,
            StateDir = "/state",
            Made = new HostMoment("host", "boot", "pid:[1]", TimeSpan.Zero),
            Created = DateTimeOffset.UnixEpoch,
            Expires = DateTimeOffset.UnixEpoch,
        },
        Domain = Key.Domain.Value,
        LibvirtUri = "qemu:///system",
        Guest = guest,
        Shell = shell,
    };
}
