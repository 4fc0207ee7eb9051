using VmExecutor.Fuzz.Tests.Engine;

namespace VmExecutor.Fuzz.Tests;

/// <summary>The inputs that are kept: <c>Corpus/READER/NAME</c>, each of which has once found a fault.</summary>
internal static class Corpus
{
    private static string Root { get; } = Path.Combine(AppContext.BaseDirectory, "Corpus");

    public static IReadOnlyList<string> Readers => Directory.Exists(Root) ? [.. Directory.GetDirectories(Root).Select(path => Path.GetFileName(path))] : [];

    public static IReadOnlyList<byte[]> Of(Reader reader) =>
        Path.Combine(Root, reader.Name) is var directory && Directory.Exists(directory) ? [.. Directory.GetFiles(directory).Order(StringComparer.Ordinal).Select(File.ReadAllBytes)] : [];

    /// <summary>Files that other tests have, as seeds.</summary>
    public static IReadOnlyList<string> Seeds(string folder) =>
        [.. Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "Seeds", folder)).Order(StringComparer.Ordinal).Select(File.ReadAllText)];
}
