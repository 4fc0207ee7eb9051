using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Images;
using VmExecutor.Core.Values;
using VmExecutor.Host;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Images;
using VmExecutor.Host.Tests.Fakes;
using VmExecutor.Observing;
using VmExecutor.Publishing;
using Xunit;

namespace VmExecutor.Program.Tests.Publishing;

/// <summary>The sources that <c>image publish --if-changed</c> takes for unchanged.</summary>
public sealed class UnchangedSourceTests : IDisposable
{
    private readonly AbsolutePath _root = new(Directory.CreateTempSubdirectory("vmx-unchanged-").FullName);
    private readonly Machine _machine;
    private readonly StringWriter _log = new();
    private readonly ImageDefinition _image;

    public UnchangedSourceTests()
    {
        _machine = new Machine(
            new Settings { File = _root.Child("vm-executor.yaml"), StateDir = StateDir, Images = [] }, QemuTool.Environment(), TimeProvider.System)
        {
            Hypervisors = new Hypervisors("fake:///", _ => new FakeHypervisor()),
            GuestShell = new FakeGuestShell(),
        };
        _image = new ImageDefinition
        {
            File = new AbsolutePath("/etc/vm-executor/images/base.yaml"),
            Name = new ImageName("base"),
            Source = new ImageSource.DiskFile(_root.Child("base.raw")) { Format = DiskFormat.Raw },
            Ssh = new SshSettings { User = "ci", Key = new AbsolutePath("/etc/vm-executor/key") },
        };
        File.WriteAllBytes(_root.Child("base.raw").Value, new byte[65536]);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private PublishLog Log => new(new JobLog(_log), TimeProvider.System, _ => { });

    private AbsolutePath StateDir => _root.Child("state");

    public void Dispose()
    {
        _machine.Dispose();
        Directory.Delete(_root.Value, recursive: true);
    }

    [Fact(Timeout = 60_000)]
    public async Task The_source_of_the_current_generation_counts_as_unchanged()
    {
        await MakeAsync(1);
        _machine.GenerationMaker.MakeCurrent(_image.Name, await MakeAsync(2));

        (await PublishIfChangedAsync()).Should().BeNull();

        _log.ToString().Should().Contain("image 'base': unchanged since generation 2").And.NotContain("rollback");
    }

    [Fact(Timeout = 60_000)]
    public async Task After_a_rollback_the_same_is_not_published_again_the_next_night_and_the_command_for_it_is_named()
    {
        var first = await MakeAsync(1);
        await MakeAsync(2);
        _machine.GenerationMaker.MakeCurrent(_image.Name, first);

        (await PublishIfChangedAsync()).Should().BeNull();

        _log.ToString().Should().Contain("unchanged since generation 2; jobs get generation 1").And.Contain("vm-executor image rollback base --to 2");
        new Catalogue(StateDir).CurrentNumber(_image.Name).Should().Be(1);
    }

    // Nothing is baked and probed when nothing has changed.
    private async Task<Generation?> PublishIfChangedAsync() =>
        await new Publisher(_machine).PublishAsync(_image, ifChanged: true, Log, Token);

    /// <summary>The first of another source, the others of what it is now.</summary>
    private async Task<Generation> MakeAsync(int number)
    {
        var source = await new PublishSource(_machine).OpenAsync(_image, Log, Token);
        var record = new GenerationRecord
        {
            Image = _image.Name.Value,
            Number = number,
            Published = DateTimeOffset.UnixEpoch,
            Driver = "vm-executor test",
            SourceKind = "file",
            Source = "base.raw",
            SourceFingerprint = number == 1 ? "another" : source.Fingerprint,
            Probe = new ProbeRecord(DateTimeOffset.UnixEpoch, 1, []),
            Files = [],
        };
        var draft = await _machine.GenerationMaker.BeginAsync(_image.Name, record, (await source.FetchAsync(Token)).Xml, oursToMove: false, (_, _, _) => { }, Token);
        return _machine.GenerationMaker.Complete(_image.Name, await GenerationMaker.SealAsync(draft, (_, _, _) => { }, Token));
    }
}
