using System.Text.RegularExpressions;
using FluentAssertions;
using Xunit;

namespace VmExecutor.Core.Tests.Conventions;

/// <summary>
/// A guest, a tool, a person or another program can write without end, so nothing is read to its end but through the bounded readers of Host/Files: BoundedText,
/// BoundedLines, BoundedStream, HostFile, TarEntries. Each other way has its places here, with the reason why what is read there does end.
/// </summary>
public sealed partial class BoundedReadingTests
{
    /// <summary>By the way to read: the files that may, and why.</summary>
    private static readonly (string Name, Regex Way, string[] Places)[] Ways =
    [
        ("a reader to its end", ToEnd(), ["src/VmExecutor.Host/Files/HostFile.cs"]), // of bytes that are bounded already
        ("a line of a reader", Line(), ["src/VmExecutor.Host/Files/HostFile.cs"]), // likewise
        ("a reader of a stream", Reader(), ["src/VmExecutor.Host/Files/HostFile.cs", "src/VmExecutor.Host/Hypervisor/ConsoleReader.cs"]), // the console goes on block by block
        ("standard input as text", Input(), ["src/VmExecutor/Observing/TopScreen.cs"]), // key by key
        ("standard input as it is", RawInput(), ["src/VmExecutor.Host/Files/StandardInput.cs"]), // which knows whether there is one
        ("a tool's output as a whole", Pipe(), []),
        ("a file as a whole", WholeFile(), []),
        ("a response as a whole", Response(), []),
        ("a document of a stream", Document(), []),
        ("an archive", Archive(), []),
        (
            "memory that grows",
            Memory(),
            [
                "src/VmExecutor.Host/Files/BoundedStream.cs", // bounded there
                "src/VmExecutor/Reports/JsonText.cs", "src/VmExecutor/Trials/TrialJob.cs", // takes what the driver itself writes
            ]),
        (
            "a copy of a stream",
            Copy(),
            [
                "src/VmExecutor.Host/Files/TarFiles.cs", // as long as the entry's header says, and no longer than allowed
                "src/VmExecutor.Host/Guests/GuestCommands.cs", // to the guest: what the driver has in memory, or a file
                "src/VmExecutor.Host/Keeping/KeptScripts.cs", "src/VmExecutor.Host/Linking/LinkMaker.cs", // from a regular file of the host to another
            ]),
    ];

    public static TheoryData<string> Names => [.. Ways.Select(way => way.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_way_to_read_without_a_bound_is_used_only_where_there_is_an_end(string name)
    {
        var (_, way, places) = Ways.Single(way => way.Name == name);

        Repository.Sources("src").Where(file => File.ReadLines(file).Any(line => IsUsed(way, line))).Select(Repository.Relative)
            .Should().BeEquivalentTo(places, "BoundedText, BoundedLines, BoundedStream and HostFile read with a limit");
    }

    [Theory]
    [InlineData("a reader to its end", "var all = await reader.ReadToEndAsync(token);", "text.ReadToEnd()")]
    [InlineData("a line of a reader", "while (await reader.ReadLineAsync(token) is { } line)", "Console.In.ReadLine()?.Trim()", "process.StandardOutput.ReadLine()")]
    [InlineData("a reader of a stream", "using var reader = new StreamReader(stream);", "new System.IO.StreamReader(path)", "File.OpenText(path)")]
    [InlineData("standard input as text", "Console.In.Peek()", "Console.ReadLine()", "Console.ReadKey()", "Console.Read()")]
    [InlineData("standard input as it is", "using var input = Console.OpenStandardInput();")]
    [InlineData("a tool's output as a whole", ".WithStandardOutputPipe(PipeTarget.ToStringBuilder(said))", "PipeTarget.ToStream(memory)", "PipeTarget.ToDelegate(line => x)", ".ExecuteBufferedAsync(token)")]
    [InlineData("a file as a whole", "File.ReadAllText(path)", "System.IO.File.ReadAllBytesAsync(path)", "File.ReadLines(path)")]
    [InlineData("a response as a whole", "await client.GetStringAsync(url)", "response.Content.ReadAsStringAsync(token)", "content.ReadFromJsonAsync<X>()", "client.GetByteArrayAsync(url)")]
    [InlineData("a document of a stream", "await JsonDocument.ParseAsync(stream)", "JsonSerializer.DeserializeAsync<X>(stream)", "XDocument.LoadAsync(stream)", "JsonSerializer.Deserialize(stream, X)")]
    [InlineData("an archive", "using var reader = new TarReader(tar);", "TarFile.ExtractToDirectory(a, b)", "new GZipStream(file, mode)", "new ZipArchive(file)")]
    [InlineData("memory that grows", "using var all = new MemoryStream();", "MemoryStream all = new();")]
    [InlineData("a copy of a stream", "stream.CopyTo(memory);", "await stream.CopyToAsync(memory, token);")]
    public void An_offender_is_seen(string name, params string[] lines)
    {
        var (_, way, _) = Ways.Single(way => way.Name == name);

        lines.Where(line => !IsUsed(way, line)).Should().BeEmpty();
        lines.Where(line => IsUsed(way, $"    /// <see cref=\"{line}\"/>")).Should().BeEmpty("a comment reads nothing");
    }

    [Theory]
    [InlineData("HostFile.ReadAllText(path)")]
    [InlineData("await BoundedText.ReadEndAsync(stream, 10, token)")]
    [InlineData("new MemoryStream(bytes)")]
    [InlineData("private static string? ReadLine(BoundedLines lines)")]
    [InlineData("JsonDocument.Parse(text)")]
    [InlineData("JsonSerializer.Deserialize(json, KeptJobContext.Default.KeptJob)")]
    [InlineData("bytes.AsSpan().CopyTo(kept)")]
    public void A_bounded_way_is_none(string line) => Ways.Where(way => IsUsed(way.Way, line)).Should().BeEmpty();

    [Fact]
    public void JSON_that_others_have_written_is_read_where_its_texts_are_decoded_at_once() =>
        Repository.Sources("src").Where(file => File.ReadAllText(file).Contains("JsonDocument.Parse(", StringComparison.Ordinal)).Select(Repository.Relative).Should().BeEquivalentTo(
            "src/VmExecutor.Core/Values/ForeignJson.cs",
            "src/VmExecutor.Core/Jobs/JobResponse.cs"); // tells the runner's administrator which of the two it is

    [Fact]
    public void Each_record_is_read_with_the_bounds_of_its_times_and_numbers() =>
        Repository.Sources("src/VmExecutor.Core").Select(file => (File: Repository.Relative(file), Text: File.ReadAllText(file)))
            .Where(file => file.Text.Contains("[JsonSourceGenerationOptions(", StringComparison.Ordinal)
                && !file.Text.Contains("Converters = [typeof(RecordTimeSpanConverter), typeof(RecordDateConverter), typeof(RecordNumberConverter)]", StringComparison.Ordinal))
            .Select(file => file.File).Should().BeEmpty();

    /// <summary>For .NET a digit is any of Unicode's 700, of which its number readers take ten.</summary>
    [Fact]
    public void Digits_in_patterns_are_those_that_numbers_are_read_from() =>
        Repository.Sources("src").SelectMany(file => File.ReadLines(file).Where(line => line.Contains(@"\d", StringComparison.Ordinal) && !line.Contains(@"\\d", StringComparison.Ordinal)).Select(line => $"{Repository.Relative(file)}: {line}"))
            .Should().BeEmpty("[0-9] says which are meant");

    private static bool IsUsed(Regex way, string line) => !line.TrimStart().StartsWith("//", StringComparison.Ordinal) && way.IsMatch(line);

    [GeneratedRegex(@"\.ReadToEnd(Async)?\(")]
    private static partial Regex ToEnd();

    [GeneratedRegex(@"\.ReadLine(Async)?\(")]
    private static partial Regex Line();

    [GeneratedRegex(@"\bStreamReader\(|\.OpenText\(")]
    private static partial Regex Reader();

    [GeneratedRegex(@"\bConsole\.(In\b|Read(Line|Key)?\()")]
    private static partial Regex Input();

    [GeneratedRegex(@"\bOpenStandardInput\b")]
    private static partial Regex RawInput();

    [GeneratedRegex(@"\bPipeTarget\.(?!Create\(|Null\b)\w+|\bExecuteBufferedAsync\(|\bOutputDataReceived\b")]
    private static partial Regex Pipe();

    [GeneratedRegex(@"(?<![\w.])(System\.IO\.)?File\.Read\w+\(")]
    private static partial Regex WholeFile();

    [GeneratedRegex(@"\b(GetStringAsync|GetByteArrayAsync|ReadAsStringAsync|ReadAsByteArrayAsync|ReadFromJsonAsync|GetFromJsonAsync|LoadIntoBufferAsync)\b")]
    private static partial Regex Response();

    [GeneratedRegex(@"\b(XDocument|XElement|JsonDocument|JsonNode|JsonSerializer)\.(Load|Parse|Deserialize)Async\b|\.Deserialize(<\w+>)?\(\w*[sS]tream\b|\.Parse\(\w*[sS]tream\b")]
    private static partial Regex Document();

    [GeneratedRegex(@"\b(TarReader|TarFile|ZipArchive|ZipFile|GZipStream|DeflateStream|BrotliStream|ZLibStream)\b[.(]")]
    private static partial Regex Archive();

    [GeneratedRegex(@"\bMemoryStream\(\)|\bMemoryStream \w+ = new\(\)")]
    private static partial Regex Memory();

    [GeneratedRegex(@"(?<!Span\([^)]*\)|bytes|buffer|\])\.CopyTo(Async)?\(")]
    private static partial Regex Copy();
}
