using System.Text.RegularExpressions;
using FluentAssertions;
using FsCheck.Fluent;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Values;

public sealed class GlobTests
{
    [Theory]
    [InlineData("debian-12", "debian-12", true)]
    [InlineData("debian-12", "Debian-12", false)]
    [InlineData("debian-1?", "debian-12", true)]
    [InlineData("debian-1?", "debian-1", false)]
    [InlineData("debian*", "debian", true)]
    [InlineData("*debian", "registry.example.com/x/debian", true)]
    [InlineData("*", "", true)]
    [InlineData("a*b*c", "axxbyyc", true)]
    [InlineData("a*b*c", "axxcyyb", false)]
    [InlineData("a.c", "abc", false)]
    [InlineData("[ab]", "a", false)]
    public void A_pattern_matches_the_whole_text(string glob, string text, bool matches) => new Glob(glob).Matches(text).Should().Be(matches);

    [Theory]
    [InlineData("group/project", "group/project", true)]
    [InlineData("group/project", "GROUP/Project", true)]
    [InlineData("group/project", "group/project-2", false)]
    [InlineData("group/*", "group/project", true)]
    [InlineData("group/*", "group/sub/project", false)]
    [InlineData("group/**", "group/sub/project", true)]
    [InlineData("group/**", "group-2/project", false)]
    [InlineData("group/**", "group", false)]
    [InlineData("*/deploy", "a/deploy", true)]
    [InlineData("*/deploy", "a/b/deploy", false)]
    [InlineData("**/deploy", "a/b/deploy", true)]
    [InlineData("a/*-ci/**", "a/x-ci/b/c", true)]
    [InlineData("a.b/c", "axb/c", false)]
    [InlineData("**", "a/b", true)]
    public void A_pattern_of_projects_knows_segments(string glob, string project, bool matches) => new ProjectGlob(glob).Matches(project).Should().Be(matches);

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("a\u200b")]
    [InlineData("a\nb")]
    public void Invisible_characters_are_no_pattern(string text) => Glob.TryParse(text, out _).Should().BeFalse();

    [Theory]
    [InlineData("")]
    [InlineData("/a")]
    [InlineData("a/")]
    [InlineData("a//b")]
    [InlineData("a/***")]
    [InlineData("a/{b,c}")]
    [InlineData("a/?")]
    [InlineData("\u212A/b")]
    public void A_text_that_is_no_path_is_no_pattern_of_projects(string text) => ProjectGlob.TryParse(text, out _).Should().BeFalse();

    [Fact]
    public void A_pattern_means_what_the_regular_expression_of_it_means() =>
        ForAny.Value(Text("a", "b", "*", "?", "/", ".", "\\", "é").Two(), pair =>
        {
            var (pattern, text) = pair;
            if (Glob.TryParse(pattern, out var glob))
            {
                var regex = new Regex(@"\A" + Regex.Escape(pattern).Replace(@"\*", "(?s:.*)", StringComparison.Ordinal).Replace(@"\?", "(?s:.)", StringComparison.Ordinal) + @"\z");
                glob.Matches(text).Should().Be(regex.IsMatch(text), "of '{0}' and '{1}'", pattern, text);
            }
        });

    [Fact]
    public void A_pattern_of_projects_means_what_the_regular_expression_of_it_means() =>
        ForAny.Value(Text("a", "B", "*", "**", "/", ".").Two(), pair =>
        {
            var (pattern, text) = pair;
            if (ProjectGlob.TryParse(pattern, out var glob))
            {
                var regex = @"\A" + Regex.Escape(pattern).Replace(@"\*\*", ".\u0001", StringComparison.Ordinal).Replace(@"\*", "[^/]*", StringComparison.Ordinal).Replace('\u0001', '*') + @"\z";
                glob.Matches(text).Should().Be(Regex.IsMatch(text, regex, RegexOptions.IgnoreCase), "of '{0}' and '{1}'", pattern, text);
            }
        });

    [Fact]
    public void Any_text_is_a_pattern_or_none_and_matches_without_failing() =>
        ForAny.Value(HostileText.Any.Two(), pair =>
        {
            var (pattern, text) = pair;
            if (Glob.TryParse(pattern, out var glob))
            {
                glob.Matches(text).Should().Be(glob.Matches(text));
                new Glob("*" + new string('*', 3)).Matches(text).Should().Be(text.Length <= 4096);
            }
            else
            {
                FluentActions.Invoking(() => new Glob(pattern)).Should().Throw<ArgumentException>();
            }

            (ProjectGlob.TryParse(pattern, out var projects) && projects.Matches(text) && text.Length > 4096).Should().BeFalse();
        });

    [Fact(Timeout = 60_000)]
    public async Task A_pattern_that_makes_others_track_back_for_ever_is_matched_at_once()
    {
        var glob = new Glob(string.Concat(Enumerable.Repeat("*a", 100)) + "*b");

        var matches = await Task.Run(() => glob.Matches(new string('a', 4096)));

        matches.Should().BeFalse();
    }

    private static FsCheck.Gen<string> Text(params string[] pieces) => Gen.Elements(pieces).ListOf().Select(string.Concat);
}
