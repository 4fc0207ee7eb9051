using System.Xml.Linq;
using FluentAssertions;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Images;
using VmExecutor.Core.Templates;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Images;
using VmExecutor.Host.Processes;
using VmExecutor.Host.Templates;
using VmExecutor.Host.Tests.Fakes;
using Xunit;

namespace VmExecutor.Host.Tests.Templates;

public sealed class TemplateMakerTests : IDisposable
{
    private static readonly ImageName Image = new("debian-12");

    private static readonly TemplateShape Shape = new()
    {
        Qemu = "7.2.22",
        Libvirt = "9.0.0",
        Accelerator = "tcg",
        Cpu = "emulated",
        Machine = "q35",
        Cpus = 1,
        MemoryBytes = 256 << 20,
        DiskBytes = 1 << 30,
        Devices = "d",
    };

    private readonly AbsolutePath _state = new(Directory.CreateTempSubdirectory("vmx-template-").FullName);
    private readonly FakeHypervisor _hypervisor = new();
    private readonly Generation _generation;

    public TemplateMakerTests()
    {
        var directory = ImagePaths.For(_state, Image).Generation(1);
        Directory.CreateDirectory(directory.Value);
        _generation = new Generation(directory, new GenerationRecord
        {
            Image = Image.Value,
            Number = 1,
            Published = DateTimeOffset.UtcNow,
            Driver = "t",
            SourceKind = "file",
            Source = "/f",
            SourceFingerprint = "f",
            Files = [],
        });
    }

    [Fact]
    public async Task Until_it_is_complete_no_job_finds_it_and_gc_takes_it_for_half_made()
    {
        var half = await BeginAsync();
        Seal(half);

        TemplateCatalogue.Of(_generation).Should().BeEmpty();
        new Catalogue(_state).HalfMade(Image).Should().Equal(half);
    }

    [Fact]
    public async Task A_complete_one_is_found_by_its_shape_with_everything_in_it()
    {
        var made = TemplateMaker.Complete(_generation, Seal(await BeginAsync()));

        var found = ChosenTemplate.For(_generation, "debian-12", Shape).Template!;
        found.Directory.Should().Be(made.Directory);
        found.Record.Should().BeEquivalentTo(made.Record);
        found.Find("vda")!.Name.Should().Be("vda.qcow2");
        File.ReadAllText(found.Find("vda")!.Value).Should().Be("overlay");
        File.GetUnixFileMode(found.Find("vda")!.Value).Should().Be(UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead, "QEMU's user reads it");
        File.GetUnixFileMode(found.Find(TemplateRole.Login)!.Value).Should().Be(UnixFileMode.UserRead, "it is a private key");
        File.GetUnixFileMode(found.State.Value).Should().Be(UnixFileMode.UserRead);
        new Catalogue(_state).HalfMade(Image).Should().BeEmpty();
    }

    [Fact]
    public async Task A_new_one_takes_the_place_of_the_old_one_of_its_shape()
    {
        TemplateMaker.Complete(_generation, Seal(await BeginAsync()));
        var later = Seal(await BeginAsync());
        later = later with { Record = later.Record with { Driver = "later" } };
        AtomicFile.Write(later.Directory.Child(Template.RecordName), later.Record.ToJson(), UnixFileMode.UserRead);

        TemplateMaker.Complete(_generation, later);

        TemplateCatalogue.Of(_generation).Should().ContainSingle().Which.Record.Driver.Should().Be("later");
        Directory.GetFileSystemEntries(TemplateCatalogue.DirectoryOf(_generation).Value).Should().ContainSingle("the old one's files are deleted");
    }

    [Fact]
    public async Task A_change_of_its_memory_makes_it_unusable()
    {
        var made = TemplateMaker.Complete(_generation, Seal(await BeginAsync()));
        File.WriteAllText(made.Ram.Value, "MEMORY");

        var chosen = ChosenTemplate.For(_generation, "debian-12", Shape);

        chosen.Template.Should().BeNull();
        chosen.Reason!.Word.Should().Be("damaged");
        chosen.Reason.Text.Should().Contain($"{made.Ram} was changed").And.Contain("image warm debian-12");
    }

    [Fact]
    public void Its_memory_can_be_opened_by_QEMUs_user_and_no_other()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root: the file is given to another user");
        const uint QemuUser = 64055;

        var path = _state.Child("ram.img");
        RamFile.Make(path, new QemuUser(QemuUser, 108));

        var stat = FileStat.TryRead(path)!;
        stat.Owner.Should().Be(QemuUser);
        stat.Mode.Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    [Fact]
    public async Task QEMUs_user_may_read_the_memory_of_a_finished_template_and_cannot_get_at_writing_it()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root: the file is given to another user");
        const uint QemuUser = 64055;
        var path = _state.Child("ram.img");
        File.SetUnixFileMode(_state.Value, File.GetUnixFileMode(_state.Value) | UnixFileMode.OtherExecute);
        RamFile.Make(path, new QemuUser(QemuUser, 108));

        RamFile.Protect(path);

        FileStat.TryRead(path)!.Owner.Should().Be(0, "an owner can change the mode");
        (await MayAsync("-r", QemuUser)).Should().BeTrue();
        (await MayAsync("-w", QemuUser)).Should().BeFalse();
        (await MayAsync("-r", QemuUser + 1)).Should().BeFalse("it is a guest's memory");
        TemplateRefusals.Explain(new HypervisorException(ErrorCodes.DomainStartFailed, $"can't open backing store {path} for guest RAM: Permission denied", "hint"), path, new QemuUser(QemuUser, 108))!
            .Message.Should().NotContain("64055", "that user may read it");

        async Task<bool> MayAsync(string question, uint user) => (await new ToolRunner(new ToolEnvironment(new Dictionary<string, string> { ["PATH"] = "/usr/bin:/bin" }), TimeProvider.System).RunAsync(
            new ToolCall("setpriv", [$"--reuid={user}", "--regid=65534", "--clear-groups", "--", "test", question, path.Value]), TestContext.Current.CancellationToken)).ExitCode == 0;
    }

    [Fact]
    public void The_memory_of_a_finished_template_is_read_only_without_another_user_too()
    {
        var path = _state.Child("ram.img");
        RamFile.Make(path, null);

        RamFile.Protect(path);

        FileStat.TryRead(path)!.Mode.Should().Be(UnixFileMode.UserRead);
    }

    [Theory]
    [InlineData(true, UnixFileMode.UserRead)]
    [InlineData(false, UnixFileMode.UserRead | UnixFileMode.UserWrite)]
    public async Task The_memory_stays_writable_where_QEMU_cannot_open_it_otherwise(bool readOnly, UnixFileMode expected)
    {
        var template = Seal(await BeginAsync(), readOnly);

        FileStat.TryRead(template.Ram)!.Mode.Should().Be(expected);
    }

    [Fact]
    public void Without_a_user_of_its_own_QEMU_opens_it_as_we_do()
    {
        var path = _state.Child("ram.img");

        RamFile.Make(path, null);

        FileStat.TryRead(path)!.Mode.Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    [Fact]
    public void The_hosts_processor_is_told_apart_by_model_features_and_microcode()
    {
        const string Capabilities = "<capabilities><host><cpu><model>EPYC-Rome</model><microcode version='1'/><feature name='x2apic'/></cpu></host></capabilities>";

        HostCpu.Describe(Capabilities).Should().StartWith("EPYC-Rome ").And.Be(HostCpu.Describe(Capabilities));
        HostCpu.Describe(Capabilities.Replace("version='1'", "version='2'", StringComparison.Ordinal)).Should().NotBe(HostCpu.Describe(Capabilities));
    }

    public void Dispose()
    {
        _hypervisor.Dispose();
        Directory.Delete(_state.Value, recursive: true);
    }

    private Task<AbsolutePath> BeginAsync() => new TemplateMaker(_hypervisor).BeginAsync(_generation, users: null, TestContext.Current.CancellationToken);

    private Template Seal(AbsolutePath half, bool isMemoryReadOnly = false)
    {
        (string Role, AbsolutePath Path, string? Format, string Content)[] files =
        [
            (TemplateRole.Ram, half.Child(Template.RamName), null, "memory"),
            (TemplateRole.State, half.Child(Template.StateName), null, "state"),
            ("vda", _state.Child("job-overlay"), "qcow2", "overlay"),
            (TemplateRole.Login, _state.Child("job-key"), null, "key"),
        ];
        foreach (var (_, path, _, content) in files)
        {
            File.WriteAllText(path.Value, content);
        }

        var record = new TemplateRecord { Shape = Shape, Made = DateTimeOffset.UtcNow, Driver = "t", Files = [], HostKeys = [], LoginShell = "bash", IsMemoryReadOnly = isMemoryReadOnly };
        return TemplateMaker.Seal(half, record, XElement.Parse("<domain/>"), [.. files.Select(file => (file.Role, file.Path, file.Format))]);
    }
}
