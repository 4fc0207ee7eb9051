using System.Text;
using FluentAssertions;
using FsCheck.Fluent;
using VmExecutor.Core.Tests.Values;
using VmExecutor.Core.Values;
using VmExecutor.Host.Hypervisor;
using Xunit;

namespace VmExecutor.Host.Tests.Hypervisor;

/// <summary>A console says what the guest wants it to say.</summary>
public sealed class ConsoleTailTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("vmx-console-");

    private AbsolutePath Console => new AbsolutePath(_directory.FullName).Child("console.log");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void Any_bytes_are_a_few_printable_lines() =>
        ForAny.Value(
            Gen.OneOf(Gen.ArrayOf(Gen.Choose(0, 255).Select(value => (byte)value)), HostileText.Any.Select(Encoding.UTF8.GetBytes)),
            bytes => ShouldBePrintable(Tail(bytes)));

    [Fact]
    public void One_line_of_a_hundred_megabytes_is_read_from_its_end_only()
    {
        using (var file = File.Create(Console.Value))
        {
            file.SetLength(100 << 20);
            file.Seek(0, SeekOrigin.End);
            file.Write("the end"u8);
        }

        ConsoleTail.Read(Console).Should().Equal("the end");
    }

    [Fact]
    public void A_line_without_end_is_cut_at_its_beginning()
    {
        var lines = Tail(Encoding.ASCII.GetBytes(new string('x', 1 << 20)));

        lines.Should().ContainSingle().Which.Length.Should().BeLessThanOrEqualTo(16 * 1024);
    }

    [Fact]
    public void Terminal_control_is_left_out_and_the_text_around_it_stays() =>
        Tail(Encoding.UTF8.GetBytes("\u001b[2J\u001b]0;title\u0007first\r\n\0\0\n\u009b31msecond\u0008\u202e\n")).Should().Equal("[2J]0;titlefirst", "31msecond");

    [Fact]
    public void Of_many_lines_the_last_are_shown() =>
        Tail(Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 100_000).Select(i => $"{i}\n")))).Should().HaveCount(15).And.EndWith("99999");

    private IReadOnlyList<string> Tail(byte[] content)
    {
        File.WriteAllBytes(Console.Value, content);
        var lines = ConsoleTail.Read(Console);
        ShouldBePrintable(lines);
        return lines;
    }

    private static void ShouldBePrintable(IReadOnlyList<string> lines)
    {
        lines.Count.Should().BeLessThanOrEqualTo(15);
        lines.Should().NotContain(line => line.Length == 0 || line.Any(c => c != '\t' && char.IsControl(c)) || line.Contains('\u202e'));
        lines.Sum(line => line.Length).Should().BeLessThanOrEqualTo(16 * 1024);
    }
}
