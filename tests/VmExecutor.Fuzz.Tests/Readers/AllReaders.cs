using VmExecutor.Fuzz.Tests.Engine;

namespace VmExecutor.Fuzz.Tests.Readers;

/// <summary>Every reader of bytes that a job, a guest or a damaged disk decides.</summary>
internal static class AllReaders
{
    public static IReadOnlyList<Reader> All { get; } =
    [
        .. JobReaders.All, .. StreamReaders.All, .. AnswerReaders.All, .. ConsoleReaders.All, .. DefinitionReaders.All, .. ConfigurationReaders.All, .. RecordReaders.All, .. FileReaders.All,
    ];

    public static Reader Of(string name) => All.Single(reader => reader.Name == name);
}
