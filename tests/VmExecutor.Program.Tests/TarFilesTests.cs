using System.Formats.Tar;
using System.Text;
using FluentAssertions;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using Xunit;

namespace VmExecutor.Program.Tests;

/// <summary>The files that a guest that is not trusted may put onto the host.</summary>
public sealed class TarFilesTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("vmx-tar-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Plain_files_that_were_asked_for_come_with_their_content_and_right_to_run()
    {
        var unpacked = Unpack(["a", "sub/run", "twice"], Plain("./a", "one"), Plain("./sub/run", "two", UnixFileMode.UserExecute), Hard("twice", "./a"));

        unpacked.Should().BeEquivalentTo(new { Files = 3, Bytes = 9L, Links = Array.Empty<string>() });
        Read("a").Should().Be("one");
        Read("twice").Should().Be("one");
        (File.GetUnixFileMode(In("sub/run")) & UnixFileMode.UserExecute).Should().NotBe(0);
        (File.GetUnixFileMode(In("a")) & UnixFileMode.UserExecute).Should().Be(0);
    }

    [Fact]
    public void Files_of_an_earlier_time_are_replaced()
    {
        Unpack(["a"], Plain("a", "a longer one"));
        Unpack(["a"], Plain("a", "new"));

        Read("a").Should().Be("new");
    }

    [Fact]
    public void Nothing_leaves_the_directory_whatever_the_archive_says()
    {
        File.WriteAllText(Path.Combine(_directory, "secret"), "secret");

        var unpacked = Unpack(
            ["link", "link/evil", "hard", "dev", "ok"],
            Plain("../evil", "x"),
            Plain("/tmp/vmx-evil", "x"),
            Plain("not-asked-for", "x"),
            Link("link", _directory),
            Hard("hard", "../secret"),
            new PaxTarEntry(TarEntryType.Fifo, "dev"),
            Plain("link/evil", "x"),
            Plain("ok", "x"));

        unpacked.Links.Should().Equal("link");
        Directory.GetFiles(_directory, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(_directory, file))
            .Should().BeEquivalentTo("secret", "out/ok", "out/link/evil");
        new DirectoryInfo(In("link")).LinkTarget.Should().BeNull("it is a plain directory, made for the file in it");
    }

    [Theory]
    [InlineData(100)]
    [InlineData(124)]
    [InlineData(148)]
    public void A_binary_number_in_any_field_of_a_header_is_taken_or_refused(int field)
    {
        using var tar = new MemoryStream();
        using (var writer = new TarWriter(tar, TarEntryFormat.Ustar, leaveOpen: true))
        {
            writer.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, "a") { DataStream = new MemoryStream("one"u8.ToArray()) });
        }

        var bytes = tar.ToArray();
        foreach (var first in (byte[])[0x80, 0xff])
        {
            bytes[field] = first;

            FluentActions.Invoking(() => Unpack(new MemoryStream(bytes), ["a"])).Should().Throw<InvalidDataException>();
        }
    }

    private static PaxTarEntry Plain(string name, string content, UnixFileMode mode = UnixFileMode.UserRead) =>
        new(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(Encoding.UTF8.GetBytes(content)), Mode = mode };

    private static PaxTarEntry Link(string name, string target) => new(TarEntryType.SymbolicLink, name) { LinkName = target };

    private static PaxTarEntry Hard(string name, string target) => new(TarEntryType.HardLink, name) { LinkName = target };

    private UnpackedTar Unpack(string[] wanted, params TarEntry[] entries)
    {
        using var tar = new MemoryStream();
        using (var writer = new TarWriter(tar, leaveOpen: true))
        {
            entries.ToList().ForEach(writer.WriteEntry);
        }

        tar.Position = 0;
        return Unpack(tar, wanted);
    }

    private UnpackedTar Unpack(Stream tar, string[] wanted, long longest = 1 << 20) => TarFiles.Unpack(tar, new AbsolutePath(In("")), wanted.ToHashSet(), longest);

    private string In(string name) => Path.Combine(_directory, "out", name);

    private string Read(string name) => File.ReadAllText(In(name));
}
