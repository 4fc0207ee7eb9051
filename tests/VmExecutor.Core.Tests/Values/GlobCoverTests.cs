using FluentAssertions;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Values;

/// <summary>Patterns that take away everything that another one matches.</summary>
public sealed class GlobCoverTests
{
    private static readonly string[] Words = [.. Texts("ab:", 6)];

    [Theory]
    [InlineData("*", "debian:*", true)]
    [InlineData("debian:*", "*", false)]
    [InlineData("debian*", "debian:*", true)]
    [InlineData("debian:*", "debian:12", true)]
    [InlineData("debian:??", "debian:12", true)]
    [InlineData("debian:??", "debian:*", false)]
    [InlineData("?*", "*", false)]
    [InlineData("*?", "?*", true)]
    [InlineData("?*", "*?", true)]
    [InlineData("**", "*", true)]
    [InlineData("*a*", "*ab*", true)]
    [InlineData("*ab*", "*a*b*", false)]
    [InlineData("*a*b*", "*ab*", true)]
    [InlineData("a*b", "a*ab", true)]
    [InlineData("*-12", "debian-*", false)]
    [InlineData("*/debian:*", "registry.example.com/debian:12", true)]
    [InlineData("x", "x", true)]
    [InlineData("X", "x", false)]
    [InlineData("*a???????????????????", "*a???????????????????", false)]
    public void A_pattern_covers_another_where_it_matches_everything_of_it(string covering, string covered, bool expected) =>
        new Glob(covered).IsCoveredBy([new Glob(covering)]).Should().Be(expected, "{0} over {1}", covering, covered);

    [Theory]
    [InlineData("x* y*", "x?", true)]
    [InlineData("x x?*", "x*", true)]
    [InlineData("x x??*", "x*", false)]
    [InlineData("", "x", false)]
    public void Several_patterns_may_cover_one_together(string covering, string covered, bool expected) =>
        new Glob(covered).IsCoveredBy(covering.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(text => new Glob(text))).Should().Be(expected);

    [Theory]
    [InlineData("**", "g/*", true)]
    [InlineData("g/*", "g/p", true)]
    [InlineData("G/*", "g/p", true)]
    [InlineData("g/*", "g/**", false)]
    [InlineData("g/**", "g/*", true)]
    [InlineData("g/*", "g/s/p", false)]
    public void Patterns_of_projects_know_their_slashes(string covering, string covered, bool expected) =>
        new ProjectGlob(covered).IsCoveredBy([new ProjectGlob(covering)]).Should().Be(expected);

    /// <summary>Every text of up to six characters out of three is tried: what is covered has no text that the other lacks.</summary>
    [Fact]
    public void It_agrees_with_trying_all_short_texts()
    {
        var patterns = Texts("ab*?", 3).Where(text => text.Length > 0).ToList();
        foreach (var (covering, covered) in patterns.SelectMany(_ => patterns, (first, second) => (new Glob(first), new Glob(second))))
        {
            var lacking = Words.Where(word => covered.Matches(word)).FirstOrDefault(word => !covering.Matches(word));
            covered.IsCoveredBy([covering]).Should().Be(lacking is null, "{0} over {1}; it lacks {2}", covering, covered, lacking);
        }
    }

    private static IEnumerable<string> Texts(string characters, int longest) =>
        longest == 0 ? [""] : [.. Texts(characters, longest - 1), .. Texts(characters, longest - 1).Where(text => text.Length == longest - 1).SelectMany(text => characters, (text, character) => text + character)];
}
