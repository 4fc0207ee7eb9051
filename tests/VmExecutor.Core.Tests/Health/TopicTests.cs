using System.Text.RegularExpressions;
using FluentAssertions;
using VmExecutor.Core.Health;
using VmExecutor.Core.Tests.Conventions;
using Xunit;

namespace VmExecutor.Core.Tests.Health;

/// <summary>Each topic of <c>doctor</c> has one class that looks and one that decides: CONTRIBUTING.md tells where a new check goes.</summary>
public sealed partial class TopicTests
{
    private static readonly ILookup<string, string> Looking = Topics("src/VmExecutor/Health", "Look");
    private static readonly ILookup<string, string> Deciding = Topics("src/VmExecutor.Core/Health", "Rules");

    [Fact]
    public void Each_class_that_looks_has_one_that_decides_beside_it_and_a_test()
    {
        Looking.Select(topic => topic.Key).Should().BeEquivalentTo(Deciding.Select(topic => topic.Key)).And.Contain("Storage", "else this test would look at nothing");
        Looking.Should().OnlyContain(topic => Repository.Sources("tests/VmExecutor.Core.Tests/Health").Any(file => Path.GetFileName(file) == $"{topic.Key}RulesTests.cs"));
    }

    [Fact]
    public void Each_check_is_decided_in_one_topic_and_looked_at_in_the_same()
    {
        var decided = Names(Deciding);
        var looked = Names(Looking);

        decided.Select(one => one.Check).Should().OnlyHaveUniqueItems().And.BeEquivalentTo(typeof(Checks).GetFields().Select(field => field.Name));
        looked.Except(decided).Should().BeEmpty("a topic looks at its own checks only");
    }

    private static IReadOnlyList<(string Topic, string Check)> Names(ILookup<string, string> topics) =>
        [.. topics.SelectMany(topic => topic.SelectMany(file => Name().Matches(File.ReadAllText(file)).Select(match => (topic.Key, match.Groups["check"].Value)))).Distinct()];

    private static ILookup<string, string> Topics(string folder, string ending) => Repository.Sources(folder)
        .Where(file => Path.GetFileName(file).Split('.')[0].EndsWith(ending, StringComparison.Ordinal))
        .ToLookup(file => Path.GetFileName(file).Split('.')[0][..^ending.Length]);

    [GeneratedRegex(@"\bChecks\.(?!All\b)(?<check>\w+)")]
    private static partial Regex Name();
}
