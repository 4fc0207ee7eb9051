using FluentAssertions;
using Xunit;

namespace VmExecutor.GitlabCi.Tests;

/// <summary>https://docs.gitlab.com/ci/yaml/#extends and https://docs.gitlab.com/ci/yaml/yaml_optimization/#reference-tags.</summary>
public sealed class CiExtendsTests
{
    private static string Chain(int levels) =>
        string.Concat(Enumerable.Range(1, levels).Select(i => i == levels ? $".l{i}: {{script: [x]}}\n" : $".l{i}: {{extends: .l{i + 1}}}\n")) + "job: {extends: .l1}\n";

    [Fact]
    public void Mappings_are_merged_lists_and_values_replaced()
    {
        var job = Ci.Job("""
            .base:
              image: base
              stage: build
              variables: {A: base, B: base}
              script: [one, two]
              artifacts: {paths: [a/], when: always}
            job:
              extends: .base
              image: own
              variables: {B: own}
              script: [three]
              artifacts: {paths: [b/]}
            """);

        job.Image.Should().Be("own");
        job.Stage.Should().Be("build");
        job.Variables.Select(variable => $"{variable.Name}={variable.Value}").Should().Equal("A=base", "B=own");
        job.Script.Should().Equal("three");
        job.Artifacts!.Paths.Should().Equal("b/");
        job.Artifacts.When.Should().Be(CiArtifactsWhen.Always);
    }

    [Fact]
    public void Of_several_bases_the_last_wins_and_they_extend_in_turn() =>
        Ci.Job("""
            .top: {image: top, script: [x], variables: {T: t}}
            .one: {extends: .top, image: one, variables: {V: one, W: one}}
            .two: {variables: {V: two}}
            job: {extends: [.one, .two]}
            """).Should().BeEquivalentTo(new { Image = "one", Variables = new[] { new { Name = "T", Value = "t" }, new { Name = "V", Value = "two" }, new { Name = "W", Value = "one" } } });

    [Theory]
    [InlineData(11, false)]
    [InlineData(12, true)]
    public void Eleven_levels_are_followed(int levels, bool tooDeep) =>
        Ci.Errors(Chain(levels)).Should().Match(errors => errors.Contains("is nested too deep: GitLab follows 11 levels") == tooDeep && (tooDeep || errors.Length == 0));

    [Theory]
    [InlineData("job: {extends: job, script: [x]}", "goes round in a circle: job > job")]
    [InlineData(".a: {extends: .b}\n.b: {extends: .a}\njob: {extends: .a, script: [x]}", "job.extends", ".b.extends: goes round in a circle: .a > .b > .a")]
    [InlineData(".base: {script: [x]}\njob: {extends: .bose}", ":2:16: job.extends: '.bose' is not in this file; did you mean '.base'?")]
    [InlineData("job: {extends: {a: b}, script: [x]}", "job.extends: takes the name of a job or a list of names")]
    public void A_job_that_cannot_be_extended_is_named(string yaml, params string[] errors) => Ci.Errors(yaml).Should().Contain(errors[^1]);

    [Fact]
    public void A_reference_is_what_stands_there_after_extends_and_a_reference_in_it_too()
    {
        var job = Ci.Job("""
            .base: {script: [base]}
            .a:
              extends: .base
              variables: {URL: u, OTHER: o}
            .b:
              script:
                - !reference [.a, script]
                - b
            job:
              variables:
                MY_URL: !reference [.a, variables, URL]
              script:
                - !reference [.b, script]
                - own
              after_script: !reference [.b, script]
            """);

        job.Script.Should().Equal("base", "b", "own");
        job.AfterScript.Should().Equal("base", "b");
        job.Variables.Should().ContainSingle().Which.Value.Should().Be("u");
    }

    [Fact]
    public void A_reference_for_variables_replaces_what_was_extended() =>
        // https://gitlab.com/gitlab-org/gitlab/-/issues/383802
        Ci.Job("""
            .one: {variables: {A: a}}
            .two: {variables: {B: b}}
            job:
              extends: .one
              variables: !reference [.two, variables]
              script: [x]
            """).Variables.Select(variable => variable.Name).Should().Equal("B");

    [Theory]
    [InlineData("job: {script: [!reference [.nope, script]]}", "!reference [.nope, script] is not in this file")]
    [InlineData(".a: {script: [x]}\njob: {script: [!reference [.a, scripts]]}", "!reference [.a, scripts] is not in this file")]
    [InlineData(".a: {script: [!reference [.b, script]]}\n.b: {script: [!reference [.a, script]]}\njob: {script: [!reference [.a, script]]}", "goes round in a circle: !reference [.a, script] > !reference [.b, script]")]
    public void A_reference_that_leads_nowhere_is_named(string yaml, string error) => Ci.Errors(yaml).Should().Contain(error);
}
