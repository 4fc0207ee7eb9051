using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Disks;
using VmExecutor.Host.Files;
using VmExecutor.Host.Processes;
using Xunit;

namespace VmExecutor.Host.Tests.Files;

/// <summary>Things in a file's place that would be waited for, or that never end, are refused by their kind.</summary>
[Collection(AloneCollection.Name)]
public sealed class OddFileTests : IDisposable
{
    private readonly OddFile _odd = new();

    public void Dispose() => _odd.Dispose();

    public static TheoryData<string, string> Openings
    {
        get
        {
            var all = new TheoryData<string, string>();
            foreach (var way in Ways.Keys)
            {
                foreach (var kind in OddFile.Kinds)
                {
                    all.Add(way, kind);
                }
            }

            return all;
        }
    }

    private static Dictionary<string, Action<AbsolutePath>> Ways => new()
    {
        ["text"] = path => HostFile.ReadAllText(path.Value),
        ["text, awaited"] = path => HostFile.ReadAllTextAsync(path.Value, CancellationToken.None).GetAwaiter().GetResult(),
        ["bytes"] = path => HostFile.ReadAllBytes(path.Value),
        ["lines"] = path => HostFile.ReadLines(path.Value),
        ["stream"] = path => HostFile.OpenRead(path.Value).Dispose(),
        ["stream for writing"] = path => HostFile.Open(path.Value, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite).Dispose(),
        ["handle"] = path => HostFile.OpenHandle(path.Value).Dispose(),
        ["handle for writing"] = path => HostFile.OpenHandle(path.Value, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite).Dispose(),
        ["write"] = path => HostFile.WriteAllText(path.Value, "x"),
        ["append"] = path => HostFile.AppendAllText(path.Value, "x"),
        ["append a line"] = path => new LineFile(path, 1 << 20, 1).Append("x\n"),
        ["copy"] = path => HostFile.Copy(path.Value, path.Value + "2"),
        ["copy over"] = path => HostFile.Copy("/etc/hostname", path.Value, overwrite: true),
        ["checksum"] = path => FileChecksum.Sha256Async(path, _ => { }, CancellationToken.None).GetAwaiter().GetResult(),
        ["keep a copy"] = path => KeptFile.Replace(path, "x", ".bak"),
        ["exchange"] = path => AtomicFile.Write(path, "x", UnixFileMode.UserRead),
        ["sync"] = path => FileSystemSync.Of(path),
    };

    [Theory]
    [MemberData(nameof(Openings))]
    public async Task Each_way_to_open_a_file_refuses_what_is_none_without_waiting(string way, string kind)
    {
        var path = _odd.Make(kind);

        var failure = await OddFile.WithoutHangingAsync(() => Caught(() => Ways[way](path)));

        var told = failure.Should().BeOfType<HostFileException>().Which;
        told.Message.Should().Contain(path.Value).And.EndWith($"it is {kind}");
        told.Hint.Should().Contain("ls -l");
    }

    [Theory]
    [InlineData("a named pipe")]
    [InlineData("a socket")]
    [InlineData("a character device")]
    [InlineData("a directory")]
    public async Task An_image_that_names_such_a_thing_is_refused_with_its_key(string kind)
    {
        var odd = _odd.Make(kind, linked: true);
        var plain = _odd.Sparse(1 << 20);
        foreach (var (key, image) in new (string, ImageDefinition)[]
        {
            ("file", Image(new ImageSource.DiskFile(odd), plain)),
            ("kernel", Image(new ImageSource.DiskFile(plain) { Kernel = new DirectKernelBoot(odd, null, "") }, plain)),
            ("initrd", Image(new ImageSource.DiskFile(plain) { Kernel = new DirectKernelBoot(plain, odd, "") }, plain)),
            ("ssh.key", Image(new ImageSource.DiskFile(plain), odd)),
            ("build", Image(new ImageSource.Build(odd), plain)),
        })
        {
            var problems = await OddFile.WithoutHangingAsync(() => ImageFiles.Problems(image));

            problems.Should().Equal($"{key} {odd} cannot be read (it is {kind})");
        }
    }

    [Theory]
    [InlineData("a named pipe")]
    [InlineData("a socket")]
    [InlineData("a character device")]
    [InlineData("a directory")]
    public async Task A_configuration_that_is_such_a_thing_is_refused(string kind)
    {
        var odd = _odd.Make(kind);

        var failure = await OddFile.WithoutHangingAsync(() => Caught(() => SettingsFile.Load(new SettingsPath(odd, SettingsPathOrigin.Option))));

        failure.Should().BeOfType<SystemFailureException>().Which.Message.Should().Contain(odd.Value).And.EndWith($"it is {kind}");
    }

    [Theory]
    [InlineData("a named pipe")]
    [InlineData("a socket")]
    [InlineData("a character device")]
    [InlineData("a directory")]
    public async Task A_disk_that_is_such_a_thing_is_no_base(string kind)
    {
        var odd = _odd.Make(kind);
        var tools = new ToolRunner(new ToolEnvironment(new Dictionary<string, string> { ["PATH"] = "/usr/bin:/bin" }), TimeProvider.System);

        var look = async () => await new QemuImg(tools).InspectAsync(odd, "raw", CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(20));

        (await look.Should().ThrowAsync<BaseDiskException>()).Which.Message.Should().Contain($"it is {kind}");
    }

    [Theory]
    [InlineData(1L << 40)]
    [InlineData((long)HostFile.Longest + 1)]
    public void A_file_that_is_too_large_is_not_read(long bytes)
    {
        var file = _odd.Sparse(bytes);
        var before = GC.GetTotalAllocatedBytes();

        foreach (var way in (string[])["text", "text, awaited", "bytes", "lines"])
        {
            Caught(() => Ways[way](file)).Should().BeOfType<HostFileException>(way).Which.Message.Should()
                .Contain(file.Value).And.EndWith($"it has {bytes} bytes, and {HostFile.Longest} at most are read");
        }

        (GC.GetTotalAllocatedBytes() - before).Should().BeLessThan(HostFile.Longest);
    }

    [Fact]
    public void A_file_that_says_it_is_empty_and_is_not_is_read_to_its_end_and_no_further_than_allowed()
    {
        HostFile.ReadAllText("/proc/self/status").Should().StartWith("Name:").And.EndWith("\n");
        HostFile.ReadLines("/proc/self/status").Should().Contain(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));

        Caught(() => HostFile.ReadAllText("/proc/self/status", 100)).Should().BeOfType<HostFileException>()
            .Which.Message.Should().EndWith("it has more than 100 bytes, and no more are read");
    }

    [Theory]
    [InlineData("\ufeffgrün", "utf-8")]
    [InlineData("grün\nzwei", "utf-16")]
    public void A_text_is_decoded_as_before(string text, string encoding)
    {
        var file = _odd.Sparse(0);
        File.WriteAllText(file.Value, text, System.Text.Encoding.GetEncoding(encoding));

        HostFile.ReadAllText(file.Value).Should().Be(File.ReadAllText(file.Value));
        HostFile.ReadLines(file.Value).Should().Equal(File.ReadAllLines(file.Value));
    }

    [Fact]
    public void A_block_device_is_opened_as_a_disk_is()
    {
        using var device = Fakes.LoopDevice.TryOver(_odd.Sparse(1 << 20).Value);
        Prerequisite.Require(device is not null, "a loop device");

        HostFile.OpenHandle(device!.Path).Dispose();
        Caught(() => HostFile.ReadAllText(device.Path)).Should().BeOfType<HostFileException>().Which.Message.Should().EndWith("it is a block device");
    }

    private static ImageDefinition Image(ImageSource source, AbsolutePath key) => new()
    {
        File = new AbsolutePath("/etc/vm-executor/images/test.yaml"),
        Name = new ImageName("test"),
        Source = source,
        Ssh = new SshSettings { User = "ci", Key = key },
    };

    private static Exception? Caught(Action act)
    {
        try
        {
            act();
            return null;
        }
        catch (Exception e)
        {
            return e;
        }
    }
}
