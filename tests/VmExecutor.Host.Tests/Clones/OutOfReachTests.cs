using System.Xml.Linq;
using FluentAssertions;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Disks;
using VmExecutor.Host.Files;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Images;
using VmExecutor.Host.Leftovers;
using VmExecutor.Host.Processes;
using VmExecutor.Host.Tests.Fakes;
using VmExecutor.Host.Tests.Files;
using Xunit;

namespace VmExecutor.Host.Tests.Clones;

/// <summary>"May not look" is never taken for "it is not there".</summary>
public sealed class OutOfReachTests : IDisposable
{
    private static readonly JobKey Key = new("https://gitlab.example.com", "abc", 1);
    private readonly AbsolutePath _root = new(Directory.CreateTempSubdirectory("vmx-reach-").FullName);
    private readonly FakeHypervisor _hypervisor = new();

    public OutOfReachTests()
    {
        File.SetUnixFileMode(_root.Value, (UnixFileMode)0b111_101_101);
        Directory.CreateDirectory(_root.Child("hidden").Value, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    public void Dispose()
    {
        _hypervisor.Dispose();
        Directory.Delete(_root.Value, recursive: true);
    }

    [Fact]
    public void A_job_whose_record_may_not_be_read_is_no_leftover()
    {
        var state = _root.Child("state");
        JobDirectory.Of(state, Key).Create(TestRecord.Of(Key, state) with { Kept = true, Stamp = TestRecord.Stamp(Key, state) with { Runner = TestRecord.Gone } });

        var (record, why) = OtherUser.Does(() => JobDirectory.Of(state, Key).Look());
        var job = new FoundJob { Key = Key, Record = record, OutOfReach = why?.Message, HasDirectory = true, HasDomain = false, LibvirtUri = "fake:///", Processes = [] };
        var judged = new LeftoverJudge(state, TimeProvider.System, HostClock.Now).Judge(job, nameTaken: false, half: false);

        judged.Leftover.Should().BeNull();
        judged.Doubt.Should().Contain("job.json cannot be read: Permission denied").And.Contain("left alone");
        var use = () => OtherUser.Does(() => ImageUse.Of(state, new ImageName("base")));
        use.Should().Throw<HostFileException>("a generation of which it is not known whether a job stands on it is not removed").Which.Message.Should().Contain("Permission denied");
    }

    [Fact]
    public void A_job_whose_directory_may_not_be_listed_is_no_leftover()
    {
        var state = _root.Child("state");
        var directory = JobPaths.For(state, Key).Directory;
        Directory.CreateDirectory(directory.Value, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var job = new FoundJob { Key = Key, HasDirectory = true, HasDomain = false, LibvirtUri = "fake:///", Processes = [] };

        var judged = OtherUser.Does(() => new LeftoverJudge(state, TimeProvider.System, HostClock.Now).Judge(job, nameTaken: false, half: false));

        judged.Leftover.Should().BeNull();
        judged.Doubt.Should().Contain("Permission denied");
    }

    [Fact]
    public void A_VM_of_a_state_directory_that_we_may_not_look_into_is_that_ones_to_judge()
    {
        var theirs = _root.Resolve("hidden/state");
        Directory.CreateDirectory(theirs.Value);
        var ours = _root.Child("ours");
        Directory.CreateDirectory(ours.Value);
        _hypervisor.Domains[Key.Domain.Value] = new XElement(
            "domain", new XElement("metadata", StampXml.Write(TestRecord.Stamp(Key, theirs) with { Runner = TestRecord.Gone }))).ToString();

        // Everything is a stand-in without a wait, so it runs on this thread to its end.
        var survey = OtherUser.Does(() => Survey(ours));
        survey.Jobs.Should().BeEmpty();

        Directory.Delete(theirs.Value);
        Survey(ours).Jobs.Should().ContainSingle("its directory is certainly gone").Which.Leftover.Should().NotBeNull();
    }

    [Fact]
    public void An_NVRAM_that_we_may_not_look_at_is_not_left_out()
    {
        var nvram = _root.Resolve("hidden/nvram");
        File.WriteAllText(nvram.Value, "variables");
        var maker = new CloneMaker(
            _hypervisor, new QemuImg(new ToolRunner(new ToolEnvironment(QemuTool.Environment()), TimeProvider.System)), new DomainStopper(_hypervisor, TimeProvider.System));

        var make = () => OtherUser.Does(() => maker.MakeDisksAsync(
            XElement.Parse("<domain/>"), JobPaths.For(_root, Key), new Dictionary<string, BackingChain>(), size: null, nvram, CancellationToken.None).GetAwaiter().GetResult());

        make.Should().Throw<HostFileException>().Which.Message.Should().Contain(nvram.Value).And.Contain("Permission denied");
    }

    private Survey Survey(AbsolutePath state)
    {
        var hypervisors = new Hypervisors("fake:///", _ => _hypervisor);
        return new JobSurvey(state, hypervisors, new FakeJobProcesses(), new LeftoverJudge(state, TimeProvider.System, HostClock.Now), TimeProvider.System).TakeAsync(CancellationToken.None).GetAwaiter().GetResult();
    }
}
