using System.Diagnostics;
using System.Text.RegularExpressions;
using FluentAssertions;
using Xunit;

namespace VmExecutor.Program.Tests.Docs;

/// <summary>
/// Compares docs/networks-and-isolation.md with the attacks that tests try (<c>tests/attacks.list</c>), and that list with the tests.
/// </summary>
public sealed partial class AttackPageTests
{
    private const string Begin = "<!-- attacks: begin";
    private const string End = "<!-- attacks: end";

    private static readonly string[] Page = File.ReadAllLines(Path.Combine(Docs.Page.Root, "docs/networks-and-isolation.md"));

    private static readonly string[] List = File.ReadAllLines(Path.Combine(Docs.Page.Root, "tests/attacks.list"));

    [Fact(Timeout = 60_000)]
    public async Task The_page_has_the_scorecard_in_which_each_wall_holds()
    {
        var start = new ProcessStartInfo(Path.Combine(Docs.Page.Root, "tests/attacks"), ["--expected"]) { RedirectStandardOutput = true };
        using var attacks = Process.Start(start)!;
        var expected = await attacks.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await attacks.WaitForExitAsync(TestContext.Current.CancellationToken);

        attacks.ExitCode.Should().Be(0);
        string.Join('\n', Page.SkipWhile(line => !line.StartsWith(Begin, StringComparison.Ordinal)).Skip(1).TakeWhile(line => !line.StartsWith(End, StringComparison.Ordinal)))
            .Should().Be(expected.TrimEnd('\n'), "tests/attacks --update writes it from the outcomes of a run");
    }

    [Fact]
    public void Each_row_of_the_table_of_what_jobs_can_do_has_attacks_or_a_reason_why_not()
    {
        var rows = Page.SkipWhile(line => !line.StartsWith("| it wants to", StringComparison.Ordinal)).Skip(2).TakeWhile(line => line.StartsWith('|')).Select(line => line.Split('|')[1].Trim()).ToList();

        List.Where(line => line.StartsWith("## ", StringComparison.Ordinal)).Select(line => line[3..]).Should().BeEquivalentTo(rows);
        List.Zip(List.Skip(1)).Where(pair => pair.First.StartsWith("## ", StringComparison.Ordinal) && pair.Second.Length == 0).Select(pair => pair.First).Should().BeEmpty();
    }

    [Fact]
    public void Each_attack_is_named_once_and_by_the_test_that_tries_it()
    {
        var attacks = List.Select(line => Attack().Match(line)).Where(match => match.Success).ToList();
        var sources = new[] { "EndToEnd", "Host", "Program" }
            .SelectMany(project => Directory.GetFiles(Path.Combine(Docs.Page.Root, $"tests/VmExecutor.{project}.Tests"), "*.cs", SearchOption.AllDirectories)
                .Where(file => !file.Contains("/obj/", StringComparison.Ordinal)).Select(file => (Project: project, File: file)))
            .ToLookup(source => $"{source.Project} {Path.GetFileNameWithoutExtension(source.File)}", source => source.File);

        attacks.Should().NotBeEmpty();
        attacks.Select(attack => attack.Groups["name"].Value).Should().OnlyHaveUniqueItems();
        attacks.Where(attack => !IsNamed(attack)).Select(attack => attack.Value).Should().BeEmpty();

        // By the test itself, or by the list beside it that it goes through.
        bool IsNamed(Match attack) => sources[attack.Groups["test"].Value].Any(test => Directory.GetFiles(Path.GetDirectoryName(test)!, "*.cs")
            .Any(file => File.ReadAllText(file).Contains($"\"{attack.Groups["name"].Value}\"", StringComparison.Ordinal)));
    }

    [GeneratedRegex("^(?<name>[a-z0-9-]+) [|] .+ [|] .+ [|] .+ [|] (?<test>[A-Za-z]+ [A-Za-z]+)[*]?$")]
    private static partial Regex Attack();
}
