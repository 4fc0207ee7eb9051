using System.Text;
using VmExecutor.Core.Failures;

namespace VmExecutor.Fuzz.Tests.Engine;

/// <summary>The structure of a reader's input, as far as mutation keeps it.</summary>
internal enum Grammar
{
    Bytes,
    Lines,
    Json,
    Xml,
    Yaml,
    Toml,
}

/// <summary>A part of the driver that reads bytes which a job, a guest or a damaged disk decides.</summary>
/// <param name="Name">A name for tests and for files of the corpus.</param>
/// <param name="Writer">Those who decide the bytes.</param>
/// <param name="Grammar">The structure of a well-formed input.</param>
/// <param name="Seeds">Well-formed inputs.</param>
/// <param name="Read">Reads one input, and uses what came out as the driver does.</param>
internal sealed record Reader(string Name, string Writer, Grammar Grammar, IReadOnlyList<byte[]> Seeds, Action<byte[]> Read)
{
    /// <summary>The source files of the driver that read here.</summary>
    public required IReadOnlyList<string> Files { get; init; }

    /// <summary>The failures that the contract has for an input; any other is a fault.</summary>
    public IReadOnlyList<ErrorCode> Refuses { get; init; } = [];

    /// <summary>The longest input; the driver itself hands over no more.</summary>
    public int Longest { get; init; } = 1 << 20;

    /// <summary>True: a record of the driver's own, of which each byte is damaged in turn.</summary>
    public bool IsRecord { get; init; }

    /// <summary>Words that mean something to the reader.</summary>
    public IReadOnlyList<string> Words { get; init; } = [];

    public override string ToString() => Name;

    /// <summary>A reader of text: the bytes are decoded as the driver decodes a file or an answer.</summary>
    public static Reader OfText(string name, string writer, Grammar grammar, IReadOnlyList<string> seeds, Action<string> read, params string[] files) =>
        new(name, writer, grammar, [.. seeds.Select(Encoding.UTF8.GetBytes)], bytes => read(Encoding.UTF8.GetString(bytes))) { Files = files };

    /// <summary>A reader of bytes.</summary>
    public static Reader OfBytes(string name, string writer, Grammar grammar, IReadOnlyList<byte[]> seeds, Action<byte[]> read, params string[] files) =>
        new(name, writer, grammar, seeds, read) { Files = files };
}
