using System.Xml.Linq;
using FluentAssertions;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Images;
using VmExecutor.Core.Values;
using VmExecutor.Host.Disks;
using VmExecutor.Host.Files;
using VmExecutor.Host.Images;
using VmExecutor.Host.Tests.Fakes;
using Xunit;

namespace VmExecutor.Host.Tests.Images;

/// <summary>With the installed qemu-img; what was made is compared by qemu-img and sha256sum of the test's own.</summary>
public sealed class GenerationMakerTests : IDisposable
{
    private const UnixFileMode ReadOnly = UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private readonly ImageWorld _world = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _world.Dispose();

    [Fact(Timeout = 60_000)]
    public async Task A_chain_becomes_one_file_that_stands_on_nothing_and_the_source_stays_as_it_was()
    {
        var (top, bottom) = Chain();
        var before = Look(top, bottom);

        var made = await MakeAsync(ImageWorld.Domain(ImageWorld.Disk(top, "qcow2")));

        var disk = made.PathOf(made.Record.Files.Should().ContainSingle().Which);
        disk.Should().Be(_world.Paths.Generation(1).Child("vda.disk"));
        QemuTool.Img("compare", "-f", "qcow2", "-F", "qcow2", top.Value, disk.Value).Should().Contain("identical");
        QemuTool.Img("info", "--output=json", disk.Value).Should().NotContain("backing-filename");
        Look(top, bottom).Should().Equal(before);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_raw_source_and_a_second_disk_are_copied_each_under_its_target()
    {
        var raw = _world.Root.Child("data.raw");
        QemuTool.Img("create", "-q", "-f", "raw", raw.Value, "8M");
        QemuTool.Write(raw.Value, "raw", "0x33", "1M", "64k");
        var (top, _) = Chain();

        var made = await MakeAsync(ImageWorld.Domain(ImageWorld.Disk(top, "qcow2") + ImageWorld.Disk(raw, "raw", "vdb")));

        made.Record.Files.Select(file => (file.Role, file.Path)).Should().Equal(("vda", "vda.disk"), ("vdb", "vdb.disk"));
        var copy = made.Record.Files[1];
        QemuTool.Img("compare", "-f", "raw", "-F", copy.Format!, raw.Value, made.PathOf(copy).Value).Should().Contain("identical");
        var thawed = FrozenDomain.Thaw(XElement.Parse(await File.ReadAllTextAsync(made.Domain.Value, Token)), made);
        SourceDisk.WritableOf(thawed).Select(disk => disk.Path).Should().Equal(made.PathOf(made.Record.Files[0]), made.PathOf(copy));
    }

    [Theory(Timeout = 60_000)]
    [InlineData("qcow2", "is a disk of format qcow2, but its source says raw")]
    [InlineData("gz", "is packed (gzip)")]
    [InlineData("empty", "is empty")]
    public async Task A_file_that_is_no_disk_of_the_stated_format_is_not_published(string kind, string why)
    {
        var disk = _world.Root.Child("disk");
        switch (kind)
        {
            case "qcow2":
                QemuTool.Img("create", "-q", "-f", "qcow2", disk.Value, "8M");
                break;
            case "gz":
                await File.WriteAllBytesAsync(disk.Value, [0x1f, 0x8b, 8, 0, .. new byte[4096]], Token);
                break;
            default:
                await File.WriteAllBytesAsync(disk.Value, [], Token);
                break;
        }

        var make = () => MakeAsync(ImageWorld.Domain(ImageWorld.Disk(disk, "raw")));

        (await make.Should().ThrowAsync<BaseDiskException>()).Which.Message.Should().Contain($"the base disk {disk} cannot be used: it {why}");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_sealed_generations_files_are_read_only_and_have_the_checksum_that_sha256sum_prints()
    {
        var (top, _) = Chain();
        var nvram = _world.Root.Child("base.fd");
        await File.WriteAllTextAsync(nvram.Value, "variables", Token);

        var made = await MakeAsync(ImageWorld.Domain(ImageWorld.Disk(top, "qcow2"), $"<nvram>{nvram}</nvram>"));

        made.Record.Files.Select(file => file.Role).Should().Equal("vda", "nvram");
        foreach (var file in made.Record.Files)
        {
            var path = made.PathOf(file);
            File.GetUnixFileMode(path.Value).Should().Be(ReadOnly);
            QemuTool.Run("sha256sum", path.Value).Should().StartWith($"{file.Sha256} ");
            file.Bytes.Should().Be(new FileInfo(path.Value).Length);
        }

        GenerationFiles.Damage(made).Should().BeEmpty();
        _world.Catalogue.Find(ImageWorld.Base, 1).Should().BeEquivalentTo(made);
        _world.Entries().Should().Equal("1");
    }

    [Fact(Timeout = 60_000)]
    public async Task In_place_the_sources_own_files_are_recorded_with_all_that_they_stand_on_and_not_touched()
    {
        var (top, bottom) = Chain();
        var before = Look(top, bottom);

        var made = await MakeAsync(ImageWorld.Domain(ImageWorld.Disk(top, "qcow2")), inPlace: true);

        made.Record.Files.Select(file => (file.Role, file.Path, file.Format)).Should().Equal(("vda", top.Value, "qcow2"), ("vda/1", bottom.Value, "raw"));
        made.Record.Files.Should().OnlyContain(file => file.Sha256 == null);
        Directory.EnumerateFiles(made.Directory.Value).Select(Path.GetFileName).Should().BeEquivalentTo("domain.xml", "image.json");
        Look(top, bottom).Should().Equal(before);
        GenerationFiles.Damage(made).Should().BeEmpty();
        QemuTool.Write(bottom.Value, "raw", "0x44", "0", "64k");
        GenerationFiles.Damage(made).Should().ContainSingle().Which.Should().Be($"{bottom} was changed");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_disk_that_was_made_for_the_generation_is_moved_into_it()
    {
        var (_, bottom) = Chain();

        var draft = await _world.Maker.BeginAsync(
            ImageWorld.Base, ImageWorld.Record(1), ImageWorld.Domain(ImageWorld.Disk(bottom, "raw")), oursToMove: true, (_, _, _) => { }, Token);

        File.Exists(bottom.Value).Should().BeFalse();
        var disk = draft.Record.Files.Should().ContainSingle().Which;
        disk.Format.Should().Be("raw");
        new FileInfo(draft.PathOf(disk).Value).Length.Should().Be(16 << 20);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_source_that_was_never_started_has_no_nvram_yet_and_neither_has_the_generation()
    {
        var (top, _) = Chain();

        var made = await MakeAsync(ImageWorld.Domain(ImageWorld.Disk(top, "qcow2"), "<nvram template='/usr/share/VARS.fd'>/nowhere/base.fd</nvram>"));

        made.Record.Files.Select(file => file.Role).Should().Equal("vda");
        (await File.ReadAllTextAsync(made.Domain.Value, Token)).Should().Contain("/usr/share/VARS.fd").And.NotContain("/nowhere");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_kernel_that_is_missing_ends_it_and_is_named()
    {
        var make = () => MakeAsync(ImageWorld.Domain("", "<kernel>/nowhere/vmlinuz</kernel>"));

        (await make.Should().ThrowAsync<HostFileException>()).Which.Message.Should().Contain("kernel").And.Contain("/nowhere/vmlinuz");
        _world.Catalogue.HalfMade(ImageWorld.Base).Should().ContainSingle("the caller removes it");
    }

    [Fact(Timeout = 60_000)]
    public async Task Readers_of_the_pointer_see_the_old_number_or_the_new_one_and_nothing_else()
    {
        await _world.PublishAllAsync(1, 1, 2);
        var (one, two) = (_world.Catalogue.Find(ImageWorld.Base, 1)!, _world.Catalogue.Find(ImageWorld.Base, 2)!);
        using var stop = new CancellationTokenSource();
        var readers = Enumerable.Range(0, 2).Select(_ => Task.Run(() =>
        {
            var seen = new HashSet<int?>();
            do
            {
                seen.Add(_world.Catalogue.CurrentNumber(ImageWorld.Base));
            }
            while (!stop.IsCancellationRequested);
            return seen;
        })).ToList();

        for (var turn = 0; turn < 50; turn++)
        {
            _world.Maker.MakeCurrent(ImageWorld.Base, turn % 2 == 0 ? two : one);
        }

        await stop.CancelAsync();
        (await Task.WhenAll(readers)).SelectMany(seen => seen).Distinct().Should().BeSubsetOf([1, 2]);
        _world.Entries().Should().Equal(["1", "2", "current"], "no half written file is left");
    }

    private async Task<Generation> MakeAsync(XElement source, bool inPlace = false)
    {
        var draft = await _world.Maker.BeginAsync(ImageWorld.Base, ImageWorld.Record(1, inPlace), source, oursToMove: false, (_, _, _) => { }, Token);
        return _world.Maker.Complete(ImageWorld.Base, await GenerationMaker.SealAsync(draft, (_, _, _) => { }, Token));
    }

    private (AbsolutePath Top, AbsolutePath Bottom) Chain()
    {
        var (top, bottom) = (_world.Root.Child("top.qcow2"), _world.Root.Child("bottom.raw"));
        QemuTool.Img("create", "-q", "-f", "raw", bottom.Value, "16M");
        QemuTool.Write(bottom.Value, "raw", "0x11", "0", "1M");
        QemuTool.Img("create", "-q", "-f", "qcow2", "-F", "raw", "-b", bottom.Value, top.Value);
        QemuTool.Write(top.Value, "qcow2", "0x22", "512k", "1M");
        return (top, bottom);
    }

    private static IReadOnlyList<string> Look(params AbsolutePath[] paths) =>
        [.. paths.Select(path => $"{QemuTool.Run("sha256sum", path.Value)} {QemuTool.Run("stat", "-c", "%a %u %i %y %Z", path.Value)}")];
}
