using System.Diagnostics;
using System.Formats.Tar;
using System.Globalization;
using System.Text;
using FluentAssertions;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using Xunit;

namespace VmExecutor.Host.Tests.Files;

/// <summary>Archives of every format are read, and one that is made to harm the host costs it neither memory nor a file.</summary>
[Collection(AloneCollection.Name)]
public sealed class TarAttackTests : IDisposable
{
    private const long Longest = 1 << 20;
    private readonly string _directory = Directory.CreateTempSubdirectory("vmx-tar-").FullName;

    private AbsolutePath Target => new(Path.Combine(_directory, "out"));

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData("tar", "--format=gnu")]
    [InlineData("tar", "--format=pax")]
    [InlineData("tar", "--format=ustar")]
    [InlineData("tar", "--format=v7")]
    [InlineData("tar", "--format=oldgnu")]
    [InlineData("busybox", "tar")]
    public void An_archive_of_a_real_tar_is_read(string program, string format)
    {
        var longName = string.Join('/', Enumerable.Repeat("a-directory-with-a-long-name", format is "--format=v7" ? 2 : 6)) + "/file";
        Directory.CreateDirectory(Path.Combine(_directory, "in", Path.GetDirectoryName(longName)!));
        foreach (var (name, length) in new[] { ("empty", 0), ("one", 1), ("block", 512), ("more", 513), (longName, 70_000), ("grün", 3) })
        {
            File.WriteAllText(In(name), new string('x', length));
        }

        File.CreateSymbolicLink(In("link"), "/etc/passwd");
        string[] names = ["empty", "one", "block", "more", longName, "grün", "link"];
        Run("ln", In("more"), In("twice"));
        Run("sh", "-c", $"cd {_directory}/in && {program} {format} -cf ../a.tar ./empty ./one ./block ./more ./{longName} ./grün ./link ./twice");

        var unpacked = Unpack(File.ReadAllBytes(Path.Combine(_directory, "a.tar")), [.. names, "twice"]);

        unpacked.Files.Should().Be(7);
        unpacked.Links.Should().Equal("link");
        foreach (var name in names.SkipLast(1).Append("twice"))
        {
            File.ReadAllText(Path.Combine(Target.Value, name)).Should().Be(File.ReadAllText(In(name)), name);
        }
    }

    [Theory]
    [InlineData(TarEntryFormat.Pax)]
    [InlineData(TarEntryFormat.Gnu)]
    [InlineData(TarEntryFormat.Ustar)]
    [InlineData(TarEntryFormat.V7)]
    public void Each_format_is_read(TarEntryFormat format)
    {
        using var tar = new MemoryStream();
        using (var writer = new TarWriter(tar, format, leaveOpen: true))
        {
            File.WriteAllText(Path.Combine(_directory, "plain"), "plain");
            writer.WriteEntry(Path.Combine(_directory, "plain"), "sub/plain");
        }

        Unpack(tar.ToArray(), ["sub/plain"]).Files.Should().Be(1);
        File.ReadAllText(Path.Combine(Target.Value, "sub/plain")).Should().Be("plain");
    }

    [Theory]
    [InlineData('x')]
    [InlineData('g')]
    [InlineData('L')]
    [InlineData('K')]
    public void An_extended_header_of_gigabytes_costs_no_memory(char type)
    {
        var file = Path.Combine(_directory, "sparse.tar");
        using var tar = new FileStream(file, FileMode.Create);
        tar.Write(Header("x", type, 2_000_000_000));
        tar.SetLength(3L << 30);
        tar.Position = 0;
        var before = GC.GetTotalAllocatedBytes();

        var unpack = () => TarFiles.Unpack(tar, Target, Wanted("ok"), Longest);

        if (type == 'g')
        {
            unpack().Files.Should().Be(0, "nothing of it is needed, and zeros are the end");
        }
        else
        {
            unpack.Should().Throw<InvalidDataException>().WithMessage("*extended header of 2000000000 bytes*");
        }

        (GC.GetTotalAllocatedBytes() - before).Should().BeLessThan(16 << 20);
    }

    [Theory]
    [InlineData('0')]
    [InlineData('5')]
    [InlineData('g')]
    [InlineData('x')]
    [InlineData('L')]
    public void Headers_without_end_are_not_read_to_their_end(char type)
    {
        byte[] tar = [.. Enumerable.Repeat(Header("none", type, 0), 6).SelectMany(header => header)];
        var entries = new TarEntries(new MemoryStream(tar), most: 5);
        var all = () =>
        {
            while (entries.Next() is not null)
            {
            }
        };

        all.Should().Throw<InvalidDataException>().WithMessage("*more than 5 entries*");
    }

    [Fact]
    public void A_size_that_only_the_extended_header_tells_counts()
    {
        var content = Encoding.UTF8.GetBytes(new string('y', 600));

        var unpacked = Unpack([.. Pax(("size", "600"), ("path", "./real")), .. Header("other", '0', 0), .. Padded(content), .. Header("ok", '0', 0)], ["real", "ok", "other"]);

        unpacked.Files.Should().Be(2);
        File.ReadAllBytes(Path.Combine(Target.Value, "real")).Should().Equal(content);
    }

    [Theory]
    [InlineData("../evil")]
    [InlineData("/tmp/vmx-tar-evil")]
    [InlineData("ok/../../evil")]
    [InlineData("./../evil")]
    [InlineData("ok\0/../evil")]
    public void A_name_of_an_extended_header_leads_nowhere_else(string name)
    {
        Unpack([.. Pax(("path", name)), .. Header("ok", '0', 1), .. Padded("x"u8), .. Header("@LongLink", 'L', name.Length + 1), .. Padded(Encoding.UTF8.GetBytes(name + "\0")), .. Header("ok", '0', 1), .. Padded("x"u8)], ["ok"]);

        Directory.GetFileSystemEntries(_directory).Select(Path.GetFileName).Should().BeSubsetOf(["out"]);
        File.Exists("/tmp/vmx-tar-evil").Should().BeFalse();
    }

    [Fact]
    public void Hard_links_lead_only_to_files_of_the_archive_and_count_like_files()
    {
        File.WriteAllText(Path.Combine(_directory, "secret"), "secret");
        byte[] tar =
        [
            .. Header("a", '0', 600_000), .. Padded(new byte[600_000]), .. Header("self", '1', 0, "self"), .. Header("out", '1', 0, "../secret"), .. Header("abs", '1', 0, Path.Combine(_directory, "secret")),
        ];

        Unpack(tar, ["a", "self", "out", "abs"]).Files.Should().Be(1);
        Refused([.. tar, .. Header("b", '1', 0, "a")], "more than 1048576 bytes together");
    }

    [Fact]
    public void No_more_is_written_than_is_allowed()
    {
        Refused([.. Header("a", '0', Longest), .. Padded(new byte[Longest]), .. Header("b", '0', 1), .. Padded("x"u8)], "more than 1048576 bytes together");

        File.Exists(Path.Combine(Target.Value, "b")).Should().BeFalse();
    }

    [Fact]
    public void Nothing_is_written_through_a_link_that_is_in_the_directory_already()
    {
        Directory.CreateDirectory(Target.Value);
        Directory.CreateDirectory(Path.Combine(_directory, "elsewhere"));
        File.WriteAllText(Path.Combine(_directory, "elsewhere/file"), "mine");
        Directory.CreateSymbolicLink(Path.Combine(Target.Value, "sub"), Path.Combine(_directory, "elsewhere"));
        File.CreateSymbolicLink(Path.Combine(Target.Value, "a"), Path.Combine(_directory, "elsewhere/file"));
        File.CreateSymbolicLink(Path.Combine(Target.Value, "b"), Path.Combine(_directory, "elsewhere/file"));

        Unpack([.. Header("a", '0', 1), .. Padded("x"u8), .. Header("b", '1', 0, "a")], ["a", "b"]).Files.Should().Be(2);
        Refused([.. Header("sub/a", '0', 1), .. Padded("x"u8)], "is a symbolic link", "sub/a");

        File.ReadAllText(Path.Combine(Target.Value, "a")).Should().Be("x");
        File.ReadAllText(Path.Combine(_directory, "elsewhere/file")).Should().Be("mine");
        Directory.GetFiles(Path.Combine(_directory, "elsewhere")).Should().ContainSingle();
    }

    public static TheoryData<string, byte[]> Damaged => new()
    {
        { "no tar archive", Encoding.ASCII.GetBytes(new string('x', 1024)) },
        { "middle of an entry", [.. Header("a", '0', 100)] },
        { "middle of an entry", Header("a", '0', 0)[..300] },
        { "middle of an entry", [.. Header("a", '0', long.MaxValue)] },
        { "middle of an entry", [.. Header("a", 'x', 100)] },
        { "negative or too large", Header("a", '0', -1) },
        { "sparse", Header("a", 'S', 0) },
        { "sparse", [.. Pax(("GNU.sparse.major", "1")), .. Header("a", '0', 0)] },
        { "with content", Header("a", '1', 1) },
        { "with content", Header("a", '5', 1) },
        { "no tar archive", [.. Header("a", 'x', 4), .. Padded("abcd"u8)] },
        { "no tar archive", [.. Header("a", 'x', 9), .. Padded("99 path=a"u8)] },
        { "no tar archive", [.. Header("a", 'x', 10), .. Padded("10 size=9\n"u8), .. Header("b", 'x', 11), .. Padded("11 size=-9\n"u8)] },
        { "no tar archive", [.. Header("a", 'x', 8), .. Padded("0 path=\n"u8)] },
    };

    [Theory]
    [MemberData(nameof(Damaged))]
    public void A_damaged_archive_is_refused(string why, byte[] tar) => Refused(tar, why);

    private static byte[] Header(string name, char type, long length, string link = "")
    {
        var header = new byte[512];
        Encoding.UTF8.GetBytes(name).CopyTo(header, 0);
        "0000644\0"u8.CopyTo(header.AsSpan(100));
        if (length is >= 0 and < 1L << 33)
        {
            Encoding.ASCII.GetBytes(Convert.ToString(length, 8).PadLeft(11, '0')).CopyTo(header, 124);
        }
        else
        {
            header[124] = (byte)(length < 0 ? 0xff : 0x80);
            System.Buffers.Binary.BinaryPrimitives.WriteInt64BigEndian(header.AsSpan(128), length);
        }

        header[156] = (byte)type;
        Encoding.UTF8.GetBytes(link).CopyTo(header, 157);
        "ustar\0"u8.CopyTo(header.AsSpan(257));
        header.AsSpan(148, 8).Fill((byte)' ');
        Encoding.ASCII.GetBytes(Convert.ToString(header.Sum(value => value), 8).PadLeft(6, '0') + "\0").CopyTo(header, 148);
        return header;
    }

    private static byte[] Pax(params (string Key, string Value)[] records)
    {
        var text = string.Concat(records.Select(record =>
        {
            var rest = $" {record.Key}={record.Value}\n";
            var length = Encoding.UTF8.GetByteCount(rest) + 2;
            length = Encoding.UTF8.GetByteCount(rest) + length.ToString(CultureInfo.InvariantCulture).Length;
            return string.Create(CultureInfo.InvariantCulture, $"{length}{rest}");
        }));
        return [.. Header("pax", 'x', Encoding.UTF8.GetByteCount(text)), .. Padded(Encoding.UTF8.GetBytes(text))];
    }

    private static byte[] Padded(ReadOnlySpan<byte> content)
    {
        var padded = new byte[(content.Length + 511) / 512 * 512];
        content.CopyTo(padded);
        return padded;
    }

    private static HashSet<string> Wanted(params string[] names) => [.. names];

    private static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        process.WaitForExit();
        process.ExitCode.Should().Be(0);
    }

    private string In(string name) => Path.Combine(_directory, "in", name);

    private UnpackedTar Unpack(byte[] tar, string[] wanted) => TarFiles.Unpack(new MemoryStream(tar), Target, Wanted(wanted), Longest);

    private void Refused(byte[] tar, string why, params string[] wanted)
    {
        var unpack = () => Unpack(tar, ["a", "b", .. wanted]);

        unpack.Should().Throw<InvalidDataException>().WithMessage($"*{why}*");
    }
}
