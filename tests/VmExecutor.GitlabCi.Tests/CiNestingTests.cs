using System.Text;
using FluentAssertions;
using Xunit;

namespace VmExecutor.GitlabCi.Tests;

/// <summary>
/// A file that is nested a hundred thousand levels deep, by itself, by its aliases or by inputs. Each test here kills the test program where a reader that
/// goes down level by level has no limit.
/// </summary>
public sealed class CiNestingTests
{
    private const int Levels = 100_000;

    public static TheoryData<string> CiTexts => new(
        new string('[', Levels),
        $"job:\n  script: {new string('[', Levels)}{new string(']', Levels)}",
        Times("- ", Levels),
        Times("? ", Levels),
        Times("{a: ", Levels),
        $"{Aliases("[", "]")}job:\n  script: *a20000\n",
        $"{Aliases("{k: ", "}")}job:\n  script: [x]\n  variables: *a20000\n",
        $"{Aliases("[x, ", "]")}job: {{script: [x], needs: *a20000}}\n",
        $"{Aliases("{<<: {l: 1}, k: ", "}")}job:\n  <<: *a20000\n  script: [x]\n");

    [Theory(Timeout = 120_000)]
    [MemberData(nameof(CiTexts))]
    public async Task A_deep_gitlab_ci_yml_is_refused_with_words(string text)
    {
        await Task.CompletedTask;

        Ci.Errors(text).Should().Contain("deeper than the 100 levels");
    }

    [Fact(Timeout = 120_000)]
    public async Task Aliases_that_nest_no_deeper_than_GitLab_reads_are_followed()
    {
        await Task.CompletedTask;
        var text = Numbered(9, (all, n) => all.Append($".a{n + 1}: &a{n + 1} [echo {n + 1}, {(n == 0 ? "end" : $"*a{n}")}]\n"));

        Ci.Job($"{text}job:\n  script: *a9\n").Script.Should().HaveCount(10);
    }

    [Fact(Timeout = 120_000)]
    public async Task Inputs_that_grow_with_each_include_are_refused_with_words()
    {
        await Task.CompletedTask;
        const string Spec = "spec: {inputs: {x: {type: array}}}\n---\n";
        var wrapped = $"{new string('[', 60)}'$[[ inputs.x ]]'{new string(']', 60)}";
        var files = Enumerable.Range(0, 140).Select(n => ($"{n}.yml", $"{Spec}include: [{{local: {n + 1}.yml, inputs: {{x: {wrapped}}}}}]\n"))
            .Append(("140.yml", $"{Spec}job: {{script: $[[ inputs.x ]]}}\n")).ToArray();

        Ci.Errors("include: [{local: 0.yml, inputs: {x: [a]}}]\n", "job", files).Should().Contain("deeper than the 100 levels");
    }

    [Fact(Timeout = 120_000)]
    public async Task A_long_chain_of_variables_is_expanded()
    {
        await Task.CompletedTask;
        var chain = Enumerable.Range(0, Levels).Select(n => new CiVariable($"V{n}", n == Levels - 1 ? "end" : $"$V{n + 1}")).ToList();

        CiExpansion.Expand(chain)[0].Value.Should().Be("end");
        chain.Reverse();
        CiExpansion.Expand(chain)[^1].Value.Should().Be("end");
    }

    private static string Aliases(string open, string close) =>
        ".a0: &a0 x\n" + Numbered(20_000, (text, n) => text.Append($".a{n + 1}: &a{n + 1} {open}*a{n} {close}\n"));

    private static string Times(string text, int count) => new StringBuilder(text.Length * count).Insert(0, text, count).ToString();

    private static string Numbered(int count, Action<StringBuilder, int> append)
    {
        var text = new StringBuilder();
        for (var n = 0; n < count; n++)
        {
            append(text, n);
        }

        return text.ToString();
    }
}
