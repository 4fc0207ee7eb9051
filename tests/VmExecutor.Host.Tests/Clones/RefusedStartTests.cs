using System.Xml.Linq;
using FluentAssertions;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Users;
using VmExecutor.Core.Values;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Disks;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Processes;
using VmExecutor.Host.Tests.Fakes;
using VmExecutor.Host.Tests.Images;
using Xunit;

namespace VmExecutor.Host.Tests.Clones;

/// <summary>libvirt refuses to start a clone: a file is blamed only where it stands in QEMU's way.</summary>
public sealed class RefusedStartTests : IDisposable
{
    private const UnixFileMode ForAll = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    // No user of this host has this number.
    private static readonly VmUser User = new("vm-executor-g0", 3_800_000_001, 3_800_000_001, 0);

    private readonly AbsolutePath _directory = new(Directory.CreateTempSubdirectory("vmx-refused-").FullName);
    private readonly FakeHypervisor _hypervisor = new();

    public void Dispose()
    {
        _hypervisor.Dispose();
        Directory.Delete(_directory.Value, recursive: true);
    }

    [Theory(Timeout = 60_000)]
    [InlineData("swtpm died and reported: ", "0644", null)]
    [InlineData("internal error: process exited while connecting to monitor", "0644", null)]
    [InlineData("Cannot access storage file '@overlay' (as uid:3800000001): Permission denied", "0644", "vda.qcow2")]
    [InlineData("Could not open '@base': Permission denied", "0600", "base.qcow2")]
    [InlineData("internal error: process exited while connecting to monitor", "0600", "base.qcow2")]
    public async Task A_refusal_blames_the_overlay_only_where_it_names_it_and_a_base_that_cannot_be_read(string says, string baseMode, string? blamed)
    {
        var key = new JobKey("https://gitlab.example.com", "abc", 1);
        var paths = JobPaths.For(_directory.Child("state"), key);
        Directory.CreateDirectory(paths.Directory.Value);
        var (file, overlay) = (_directory.Child("base.qcow2"), paths.Overlay("vda"));
        await File.WriteAllTextAsync(file.Value, "");
        File.SetUnixFileMode(file.Value, (UnixFileMode)Convert.ToInt32(baseMode, 8));

        // As it is when the start has failed: libvirt has taken it back.
        await File.WriteAllTextAsync(overlay.Value, "");
        File.SetUnixFileMode(overlay.Value, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        for (var above = paths.Directory; above != _directory.Parent(); above = above.Parent())
        {
            File.SetUnixFileMode(above.Value, ForAll);
        }

        var job = new Job { Key = key, Id = 1, Server = "https://gitlab.example.com", Timeout = TimeSpan.FromHours(1) };
        var plan = new ClonePlan { Job = job, Image = ImageWorld.Image(), Paths = paths, CardSeed = "", User = User };
        _hypervisor.Before = call => _ = call.StartsWith("create", StringComparison.Ordinal)
            ? throw FakeHypervisor.Refusal(ErrorCodes.DomainStartFailed, says.Replace("@overlay", overlay.Value).Replace("@base", file.Value)) : 0;
        var chains = new Dictionary<string, BackingChain> { ["vda"] = new BackingChain([new BackingFile(file, "qcow2", IsBlockDevice: false)], ByteSize.FromMebibytes(1024)) };
        var maker = new CloneMaker(
            _hypervisor, new QemuImg(new ToolRunner(new ToolEnvironment(QemuTool.Environment()), TimeProvider.System)), new DomainStopper(_hypervisor, TimeProvider.System));

        var failure = (await FluentActions.Awaiting(() => maker.StartAsync(XElement.Parse($"<domain><name>{key.Domain}</name></domain>"), plan, chains, ram: null, CancellationToken.None))
            .Should().ThrowAsync<SystemFailureException>()).Which;

        failure.Code.Should().Be(blamed is null ? ErrorCodes.DomainStartFailed : ErrorCodes.BaseDiskUnreadable);
        if (blamed is not null)
        {
            failure.Hint.Should().Contain(blamed);
        }
    }
}
