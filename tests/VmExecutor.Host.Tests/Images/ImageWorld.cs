using System.Xml.Linq;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Images;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Disks;
using VmExecutor.Host.Images;
using VmExecutor.Host.Locks;
using VmExecutor.Host.Processes;
using VmExecutor.Host.Tests.Fakes;

namespace VmExecutor.Host.Tests.Images;

/// <summary>A state directory with images, real files and real locks; sources lie beside it.</summary>
internal sealed class ImageWorld : IDisposable
{
    public static readonly ImageName Base = new("base");

    public ImageWorld()
    {
        Locks = new StateLocks(StateDir, TimeProvider.System);
        Catalogue = new Catalogue(StateDir);
        Directory.CreateDirectory(StateDir.Value);
    }

    public AbsolutePath Root { get; } = new(Directory.CreateTempSubdirectory("vmx-images-").FullName);

    public AbsolutePath StateDir => Root.Child("state");

    public ImagePaths Paths => ImagePaths.For(StateDir, Base);

    public Catalogue Catalogue { get; }

    public StateLocks Locks { get; }

    public GenerationMaker Maker => new(StateDir, new QemuImg(new ToolRunner(Tools, TimeProvider.System)), new DiskCopier(Tools, TimeProvider.System));

    public ImageKeeper Keeper => KeeperWith(new GenerationRemover(StateDir));

    public ImageKeeper KeeperWith(GenerationRemover remover) => new(Catalogue, Maker, remover, Locks);

    private static ToolEnvironment Tools => new(QemuTool.Environment());

    public void Dispose()
    {
        Locks.Dispose();
        Directory.Delete(Root.Value, recursive: true);
    }

    public static ImageDefinition Image(ImageSource? source = null) => new()
    {
        File = new AbsolutePath("/etc/vm-executor/images/base.yaml"),
        Name = Base,
        Source = source ?? new ImageSource.Domain("base"),
        Ssh = new SshSettings { User = "ci", Key = new AbsolutePath("/etc/vm-executor/key") },
    };

    public static GenerationRecord Record(int number, bool inPlace = false) => new()
    {
        Image = Base.Value,
        Number = number,
        Published = DateTimeOffset.UnixEpoch,
        Driver = "vm-executor test",
        SourceKind = "domain",
        Source = "base",
        SourceFingerprint = "f",
        InPlace = inPlace,
        Files = [],
    };

    public static XElement Domain(string disks, string os = "") => XElement.Parse(
        $"<domain type='kvm'><name>base</name><os><type>hvm</type>{os}</os><devices>{disks}</devices></domain>");

    public static string Disk(AbsolutePath path, string format, string target = "vda") =>
        $"<disk type='file'><driver name='qemu' type='{format}'/><source file='{path}'/><target dev='{target}'/></disk>";

    /// <summary>A small whole generation, probed unless said otherwise.</summary>
    public async Task<Generation> PublishAsync(int number, bool probed = true)
    {
        var source = Root.Child("source.raw");
        await File.WriteAllBytesAsync(source.Value, new byte[65536]);
        var draft = await Maker.BeginAsync(Base, Record(number), Domain(Disk(source, "raw")), false, (_, _, _) => { }, CancellationToken.None);
        var whole = await GenerationMaker.SealAsync(draft, (_, _, _) => { }, CancellationToken.None);
        return Maker.Complete(Base, whole with { Record = whole.Record with { Probe = probed ? new ProbeRecord(DateTimeOffset.UnixEpoch, 1, []) : null } });
    }

    public async Task PublishAllAsync(int current, params int[] numbers)
    {
        foreach (var number in numbers)
        {
            await PublishAsync(number);
        }

        Maker.MakeCurrent(Base, Catalogue.Find(Base, current)!);
    }

    /// <summary>A job that stands on a generation.</summary>
    public JobKey Use(int? generation, long id = 1)
    {
        var key = new JobKey("https://gitlab.example.com", "abc", id);
        var record = TestRecord.Of(key, StateDir);
        JobDirectory.Of(StateDir, key).Create(record with { Stamp = record.Stamp with { Generation = generation } });
        return key;
    }

    public IReadOnlyList<string> Entries() =>
        [.. Directory.EnumerateFileSystemEntries(Paths.Directory.Value).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];
}
