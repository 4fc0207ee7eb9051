using System.Text.RegularExpressions;
using FluentAssertions;
using VmExecutor.Core.Tests.Conventions;
using VmExecutor.Fuzz.Tests.Readers;
using Xunit;

namespace VmExecutor.Fuzz.Tests;

/// <summary>
/// No reader is forgotten. A file of the driver that takes a text or bytes apart by a parser, or by a call that throws for a wrong text, belongs to a reader that is fuzzed.
/// The others are listed here, with the reason why no job, guest or disk decides what they read. README.md has the table.
/// </summary>
public sealed partial class ReaderTableTests
{
    private const string Begin = "<!-- readers: begin -->\n";
    private const string End = "<!-- readers: end -->";

    /// <summary>Files that read what others cannot write.</summary>
    private static readonly Dictionary<string, string> Others = new()
    {
        ["Core/Clones/BuiltInMachine.cs"] = "the driver's own text",
        ["Core/Values/RecordJson.cs"] = "behind each record's own reader",
        ["VmExecutor/Trials/TrialFrame.cs"] = "the driver's own answer of the config stage",
        ["Host/Libvirt/LibvirtSession.Domains.cs"] = "the definition that the driver itself has made",
        ["Core/Values/ForeignJson.cs"] = "behind the readers of guests', QEMU's and tools' answers",
        ["Host/Locks/StateLocks.cs"] = "a number that the driver has made itself",
        ["Host/Disks/DiskCopier.cs"] = "qemu-img's progress, by an expression that leaves only a number",
        ["Core/Images/Sources/TransferText.cs"] = "lines of progress, by an expression that leaves only a number",
        ["Host/Processes/ProcessTable.cs"] = "the kernel's table of processes",
        ["Host/Images/Sources/ProcessTree.cs"] = "the kernel's table of processes",
        ["Host/Guests/ControlMaster.cs"] = "the driver's own ssh master, over a socket of the runner's user",
        ["Core/Firewall/WallRules.cs"] = "addresses of the host's resolv.conf, each of which was tried before",
        ["Core/Egress/EgressPlace.cs"] = "the kernel's list of tables, which root alone makes",
        ["VmExecutor/Starting/EgressStart.cs"] = "the definition of a clone that libvirt runs",
    };

    [Fact]
    public void Every_file_that_takes_a_text_apart_is_fuzzed_or_reads_what_others_cannot_write() =>
        Repository.Sources("src").Where(file => File.ReadLines(file).Any(Parses)).Select(Short)
            .Should().BeSubsetOf([.. AllReaders.All.SelectMany(reader => reader.Files), .. Others.Keys]);

    [Fact]
    public void Every_named_file_is_there()
    {
        var files = Repository.Sources("src").Select(Short).ToHashSet();

        AllReaders.All.SelectMany(reader => reader.Files).Concat(Others.Keys).Where(file => !files.Contains(file)).Should().BeEmpty();
        Others.Keys.Should().NotIntersectWith(AllReaders.All.SelectMany(reader => reader.Files), "a file that is fuzzed needs no excuse");
        Repository.Sources("src").Where(file => Others.ContainsKey(Short(file)) && !File.ReadLines(file).Any(Parses)).Should().BeEmpty("it needs no excuse any more");
    }

    [Fact]
    public void Each_reader_has_a_name_of_its_own_and_a_seed()
    {
        AllReaders.All.Select(reader => reader.Name).Should().OnlyHaveUniqueItems();
        AllReaders.All.Where(reader => reader.Seeds.Count == 0).Should().BeEmpty();
    }

    [Fact]
    public void The_page_has_the_table_of_readers()
    {
        var path = Path.Combine(Repository.Root, "tests/VmExecutor.Fuzz.Tests/README.md");
        var text = File.ReadAllText(path);
        var wanted = Between(text, _ => Table());
        if (Environment.GetEnvironmentVariable("VMX_UPDATE_READERS") == "1")
        {
            File.WriteAllText(path, wanted);
        }

        text.Should().Be(wanted, "VMX_UPDATE_READERS=1 writes the table anew");
    }

    [Theory]
    [InlineData("using var document = JsonDocument.Parse(text);", true)]
    [InlineData("var number = int.Parse(text);", true)]
    [InlineData("DateTimeOffset.ParseExact(text, \"O\", null)", true)]
    [InlineData("XmlText.Parse(xml)", true)]
    [InlineData("int.TryParse(text, out var number)", false)]
    [InlineData("    /// <see cref=\"JsonDocument.Parse(text)\"/>", false)]
    public void A_parser_is_seen(string line, bool isOne) => Parses(line).Should().Be(isOne);

    private static string Table() => string.Concat(AllReaders.All
        .Select(reader => $"| `{reader.Name}` | {reader.Writer} | {string.Join(", ", reader.Files.Select(file => $"`{file}`"))} |\n")
        .Prepend("| reader | written by | files below `src/VmExecutor.` (or `src`) |\n|---|---|---|\n"));

    private static string Between(string text, Func<string, string> make)
    {
        var (begin, end) = (text.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length, text.IndexOf(End, StringComparison.Ordinal));
        return text[..begin] + make(text[begin..end]) + text[end..];
    }

    private static string Short(string file) => Repository.Relative(file)["src/".Length..].Replace("VmExecutor.", "", StringComparison.Ordinal);

    private static bool Parses(string line) => !line.TrimStart().StartsWith("//", StringComparison.Ordinal) && Parser().IsMatch(line);

    [GeneratedRegex(
        @"\b(JsonDocument|ForeignJson|JsonNode|XElement|XmlText|DomainText)\.Parse\(|\bJsonSerializer\.Deserialize|\bRecordJson\.TryParse\(|\bX(Element|Document)\.Load\(|\bXmlReader\.Create\(|\bnew Parser\(|\bUtf8JsonReader\b"
        + @"|\bTomlSerializer\.|\bSyntaxParser\.|\bBinaryPrimitives\.Read|\b(int|long|uint|ulong|ushort|double|decimal|TimeSpan|DateTimeOffset|Version|Guid|IPAddress)\.Parse(Exact)?\(|\bConvert\.From(Base64|Hex)String\(|\bnew Uri\(")]
    private static partial Regex Parser();
}
