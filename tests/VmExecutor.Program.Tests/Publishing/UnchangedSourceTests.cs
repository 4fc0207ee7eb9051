using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Images;
using VmExecutor.Core.Values;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Disks;
using VmExecutor.Host.Guests.Preparation;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Images;
using VmExecutor.Host.Locks;
using VmExecutor.Host.Processes;
using VmExecutor.Host.Tests.Fakes;
using VmExecutor.Publishing;
using Xunit;

namespace VmExecutor.Program.Tests.Publishing;

/// <summary>What <c>image publish --if-changed</c> takes for unchanged.</summary>
public sealed class UnchangedSourceTests : IDisposable
{
    private static readonly ToolEnvironment Tools = new(QemuTool.Environment());
    private readonly AbsolutePath _root = new(Directory.CreateTempSubdirectory("vmx-unchanged-").FullName);
    private readonly StateLocks _locks;
    private readonly StringWriter _log = new();
    private readonly ImageDefinition _image;
    private readonly PublishSource _sources;
    private readonly GenerationMaker _maker;

    public UnchangedSourceTests()
    {
        var hypervisor = new FakeHypervisor();
        var qemuImg = new QemuImg(new ToolRunner(Tools, TimeProvider.System));
        _locks = new StateLocks(StateDir, TimeProvider.System);
        _sources = new PublishSource(
            StateDir,
            hypervisor,
            new CloneSource(hypervisor, new DomainStopper(hypervisor, TimeProvider.System)),
            qemuImg,
            downloads: null!,
            builds: null!,
            fingerprints: null!);
        _maker = new GenerationMaker(StateDir, qemuImg, new DiskCopier(Tools, TimeProvider.System));
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

    private PublishLog Log => new(new JobLog(_log), TimeProvider.System);

    private AbsolutePath StateDir => _root.Child("state");

    public void Dispose()
    {
        _locks.Dispose();
        Directory.Delete(_root.Value, recursive: true);
    }

    [Fact(Timeout = 60_000)]
    public async Task What_the_current_generation_was_made_of_is_unchanged()
    {
        await MakeAsync(1);
        _maker.MakeCurrent(_image.Name, await MakeAsync(2));

        (await PublishIfChangedAsync()).Should().BeNull();

        _log.ToString().Should().Contain("image 'base': unchanged since generation 2").And.NotContain("rollback");
    }

    [Fact(Timeout = 60_000)]
    public async Task Who_has_rolled_back_does_not_get_the_same_again_the_next_night_and_is_told_how_to()
    {
        var first = await MakeAsync(1);
        await MakeAsync(2);
        _maker.MakeCurrent(_image.Name, first);

        (await PublishIfChangedAsync()).Should().BeNull();

        _log.ToString().Should().Contain("unchanged since generation 2; jobs get generation 1").And.Contain("vm-executor image rollback base --to 2");
        new Catalogue(StateDir).CurrentNumber(_image.Name).Should().Be(1);
    }

    // Nothing is baked and probed when nothing has changed.
    private async Task<Generation?> PublishIfChangedAsync() =>
        await new Publisher(
            StateDir, new Catalogue(StateDir), _sources, _maker, baking: null!, new GuestTools(new FakeGuestShell(), Tools), probe: null!, _locks, TimeProvider.System)
            .PublishAsync(_image, ifChanged: true, Log, Token);

    /// <summary>The first of another source, the others of what it is now.</summary>
    private async Task<Generation> MakeAsync(int number)
    {
        var source = await _sources.OpenAsync(_image, Log, Token);
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
        var draft = await _maker.BeginAsync(_image.Name, record, await source.FetchAsync(Token), oursToMove: false, (_, _) => { }, Token);
        return _maker.Complete(_image.Name, await GenerationMaker.SealAsync(draft, (_, _) => { }, Token));
    }
}
