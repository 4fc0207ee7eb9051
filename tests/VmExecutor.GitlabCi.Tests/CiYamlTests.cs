using FluentAssertions;
using VmExecutor.Core.Failures;
using Xunit;

namespace VmExecutor.GitlabCi.Tests;

/// <summary>YAML's own means of reuse, as GitLab's parser reads them (https://docs.gitlab.com/ci/yaml/yaml_optimization/).</summary>
public sealed class CiYamlTests
{
    [Fact]
    public void An_alias_is_what_its_anchor_is_and_lists_in_scripts_are_flattened()
    {
        var job = Ci.Job("""
            .setup: &setup
              - one
              - two
            job:
              script:
                - *setup
                - three
            """);

        job.Script.Should().Equal("one", "two", "three");
    }

    [Theory]
    [InlineData("{<<: *base, image: own}", "own", "as YAML says")]
    [InlineData("{image: own, <<: *base}", "base", "as Ruby's parser, and so GitLab, has it: what comes later wins")]
    [InlineData("{<<: [*base, *other], script: x}", "base", "of several the first wins")]
    [InlineData("{<<: *base, <<: *other}", "other", "and of two merge keys the last")]
    public void Merge_keys_are_merged_as_GitLab_does(string job, string image, string because) =>
        Ci.Job($"""
            .base: &base
              image: base
              script: [run]
            .other: &other
              image: other
              script: [run]
            job: {job}
            """).Image.Should().Be(image, because);

    [Fact]
    public void A_merge_is_not_deep() =>
        Ci.Job("""
            .base: &base
              script: [run]
              variables: {A: "1", B: "2"}
            job:
              <<: *base
              variables: {A: "3"}
            """).Variables.Select(variable => $"{variable.Name}={variable.Value}").Should().Equal("A=3");

    [Fact]
    public void Of_a_key_that_is_there_twice_the_last_counts() =>
        Ci.Job("job:\n  script: [one]\n  script: [two]\n").Script.Should().Equal("two");

    [Theory]
    [InlineData("job: {script: *nothing}", "/repo/.gitlab-ci.yml:1:15: '*nothing' is an alias of nothing above it")]
    [InlineData("job: {script: [a], <<: 3}", ":1:24: <<: merges mappings only")]
    [InlineData("job: {script: !!set {a: }}", ":1:15: the tag 'tag:yaml.org,2002:set' asks for a class")]
    [InlineData("job: {script: !ruby/object:Object {}}", "'Tried to load unspecified class'")]
    [InlineData("job: {script: !reference a}", ":1:15: '!reference' takes a list of words")]
    [InlineData("job: {script: [a]", "is not valid YAML")]
    [InlineData("? [a]\n: b\n", "has a key that is not plain text")]
    [InlineData("- a\n", "the file holds no jobs")]
    [InlineData("", "the file holds no jobs")]
    [InlineData("a: 1\n---\nb: 1\n---\njob: {script: [x]}\n", ":5:1: a third YAML document begins here")]
    public void Each_mistake_is_named_with_its_place(string yaml, string error) => Ci.Errors(yaml).Should().Contain(error);

    [Fact]
    public void Empty_documents_have_an_end() =>
        Ci.Errors("job: {script: [x]}\n" + string.Concat(Enumerable.Repeat("---\n", 101))).Should().Contain("has more than 100 documents");

    [Fact]
    public void A_reference_is_not_longer_than_anything_is_deep() =>
        Ci.Errors($"job: {{script: [!reference [{string.Join(", ", Enumerable.Repeat("a", 101))}]]}}").Should().Contain("'!reference' takes a list of words");

    [Theory]
    [InlineData("---\n# first\njob: {script: [x]}\n...\n---\n")]
    [InlineData("\ufeffjob:\r\n  script:\r\n    - x\r\n")]
    [InlineData("job: {script: [!!str x]}")]
    [InlineData("job: {script: !ref [x]}")]
    [InlineData("job: {script: [x]}\n---\nother: {script: [y]}\n")]
    public void Documents_and_tags_that_GitLab_passes_over_are_passed_over(string yaml) => Ci.Job(yaml).Script.Should().Equal("x");

    [Theory]
    [InlineData("job: {script: !ref [x]}", "the tag '!ref' means nothing to GitLab")]
    [InlineData("job: {script: [x]}\n---\nother: {script: [y]}\n", "a second YAML document begins here, which GitLab does not look at")]
    public void Values_that_GitLab_passes_over_are_named(string yaml, string warning) => Ci.Job(yaml).Warnings.Should().ContainSingle().Which.ToString().Should().Contain(warning);

    [Fact]
    public void Nesting_without_end_is_an_error_and_no_crash() =>
        Ci.Errors($"job: {new string('[', 5000)}").Should().Contain("nested deeper than the 100 levels");

    [Fact]
    public void A_text_that_grows_without_bounds_is_refused()
    {
        var bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + string.Concat(
            Enumerable.Range(1, 8).Select(i => $"a{i}: &a{i} [{string.Join(", ", Enumerable.Repeat($"*a{i - 1}", 10))}]\n"));

        var read = () => Ci.Job(bomb + "job: {script: *a8}\n");

        read.Should().Throw<SystemFailureException>().Which.Code.Should().Be(ErrorCodes.GitlabCiInvalid);
    }
}
