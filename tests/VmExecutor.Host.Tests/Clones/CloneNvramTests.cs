using System.Xml.Linq;
using FluentAssertions;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Disks;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Processes;
using VmExecutor.Host.Tests.Fakes;
using VmExecutor.Host.Tests.Images;
using Xunit;

namespace VmExecutor.Host.Tests.Clones;

public sealed class CloneNvramTests : IDisposable
{
    private readonly AbsolutePath _directory = new(Directory.CreateTempSubdirectory("vmx-nvram-").FullName);

    public void Dispose() => Directory.Delete(_directory.Value, recursive: true);

    [Fact(Timeout = 60_000)]
    public async Task A_clones_copy_of_a_read_only_nvram_can_be_written_to_by_its_owner()
    {
        var nvram = _directory.Child("nvram");
        await File.WriteAllTextAsync(nvram.Value, "variables");
        File.SetUnixFileMode(nvram.Value, UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        var key = new JobKey("https://gitlab.example.com", "abc", 1);
        var paths = JobPaths.For(_directory.Child("state"), key);
        Directory.CreateDirectory(paths.Directory.Value);
        var job = new Job { Key = key, Id = 1, Server = "https://gitlab.example.com", Timeout = TimeSpan.FromHours(1) };
        var plan = new ClonePlan { Job = job, Image = ImageWorld.Image(), Paths = paths, CardSeed = "" };
        var hypervisor = new FakeHypervisor();
        var maker = new CloneMaker(
            hypervisor, new QemuImg(new ToolRunner(new ToolEnvironment(QemuTool.Environment()), TimeProvider.System)), new DomainStopper(hypervisor, TimeProvider.System));

        await maker.MakeDisksAsync(
            XElement.Parse($"<domain><os><nvram>{nvram}</nvram></os></domain>"), plan, new Dictionary<string, BackingChain>(), CancellationToken.None);

        (await File.ReadAllTextAsync(paths.Nvram.Value)).Should().Be("variables");
        File.GetUnixFileMode(paths.Nvram.Value).Should().HaveFlag(UnixFileMode.UserWrite);
    }
}
