using FluentAssertions;
using VmExecutor.Core.Failures;
using Xunit;

namespace VmExecutor.GitlabCi.Tests;

/// <summary>The reading of a job's keywords (https://docs.gitlab.com/ci/yaml/).</summary>
public sealed class CiJobTests
{
    private const string Defaults = """
        default:
          image: default-image
          before_script: [default-before]
          after_script: [default-after]
          timeout: 2h
        cache: {paths: [x]}
        variables: {A: file, B: file}

        """;

    [Theory]
    [InlineData("", "default-image", "default-before", "default-after", 2)]
    [InlineData("image: own", "own", "default-before", "default-after", 2)]
    [InlineData("before_script: []", "default-image", "", "default-after", 2)]
    [InlineData("before_script: null", "default-image", "default-before", "default-after", 2)]
    [InlineData("timeout: 3h", "default-image", "default-before", "default-after", 3)]
    [InlineData("inherit: {default: false}", null, "", "", null)]
    [InlineData("inherit: {default: [image, timeout]}", "default-image", "", "", 2)]
    [InlineData("inherit: {default: true}", "default-image", "default-before", "default-after", 2)]
    public void Defaults_are_taken_as_a_whole_where_the_job_says_nothing(string line, string? image, string before, string after, int? hours)
    {
        var job = Ci.Job($"{Defaults}job:\n  script: [x]\n  {line}\n");

        job.Image.Should().Be(image);
        string.Join(' ', job.BeforeScript).Should().Be(before);
        string.Join(' ', job.AfterScript).Should().Be(after);
        job.Timeout.Should().Be(hours is { } known ? TimeSpan.FromHours(known) : null);
    }

    [Fact]
    public void Keywords_at_the_top_are_defaults_too() =>
        Ci.Job("before_script: [a]\nimage: {name: top}\njob: {script: b}\n").Should().BeEquivalentTo(new { Image = "top", BeforeScript = new[] { "a" }, Script = new[] { "b" } });

    [Theory]
    [InlineData("", "A=file B=file")]
    [InlineData("variables: {B: own, C: own}", "A=file B=own C=own")]
    [InlineData("inherit: {variables: false}", "")]
    [InlineData("inherit: {variables: [B]}", "B=file")]
    [InlineData("variables: {N: 10, E: '', Z: null}", "A=file B=file N=10 E= Z=")]
    [InlineData("variables: {D: {value: v, expand: true}}", "A=file B=file D=v")]
    [InlineData("variables: {}", "A=file B=file")]
    public void Variables_of_the_file_are_the_jobs_too_and_its_own_win(string line, string variables) =>
        string.Join(' ', Ci.Job($"{Defaults}job:\n  script: [x]\n  {line}\n").Variables.Select(variable => $"{variable.Name}={variable.Value}")).Should().Be(variables);

    [Fact]
    public void A_default_that_stands_in_two_places_is_refused() =>
        Ci.Errors("default: {image: a}\nimage: b\njob: {script: [x]}").Should().Contain(":2:1: image: stands at the top and in 'default:'");

    [Fact]
    public void A_variable_that_is_not_expanded_is_raw() =>
        Ci.Job("job: {script: [x], variables: {V: {value: $A, expand: false}}}").Variables.Should().Equal(new CiVariable("V", "$A", Raw: true));

    [Theory]
    [InlineData("rules: [{if: $X}]", "rules: are not evaluated")]
    [InlineData("only: [main]", "only: is not evaluated")]
    [InlineData("needs: [other]", "needs: no artifacts of other jobs")]
    [InlineData("services: [{name: a, kubernetes: {user: b}}]", "services.kubernetes: is not looked at")]
    [InlineData("tags: [docker]", "tags: choose a runner")]
    [InlineData("artifacts: {paths: [a], reports: {junit: a}}", "artifacts.reports: reports are not read here")]
    [InlineData("image: {name: a, entrypoint: [b]}", "image.entrypoint: means something to containers only")]
    public void Keywords_that_are_not_honoured_are_named_with_their_place(string line, string warning) =>
        Ci.Job($"job:\n  script: [x]\n  {line}\n").Warnings.Should().ContainSingle().Which.ToString().Should().StartWith("/repo/.gitlab-ci.yml:3:").And.Contain(warning);

    [Theory]
    [InlineData("retry: 0")]
    [InlineData("when: manual")]
    [InlineData("services: []")]
    [InlineData("stage: build")]
    [InlineData("artifacts: {paths: [a], expire_in: 1 week}")]
    public void Keywords_that_make_no_difference_are_not_mentioned(string line) =>
        Ci.Job($"job:\n  script: [x]\n  {line}\n").Warnings.Where(warning => !warning.Message.Contains("runs once")).Should().BeEmpty();

    [Fact]
    public void A_cache_by_default_and_workflow_rules_are_told_as_well() =>
        Ci.Job("default: {cache: {paths: [x]}}\nworkflow: {rules: [{when: always}]}\njob: {script: [x]}").Warnings.Select(warning => warning.Key).Should().BeEquivalentTo("cache", "workflow");

    [Fact]
    public void All_errors_come_at_once_in_the_order_of_the_file()
    {
        var errors = Ci.Errors("""
            job:
              image: [a]
              srcipt: [x]
              variables: {A: true, "b c": x, D: [1]}
              timeout: soon
              artifacts: {pahts: [a], when: never}
              allow_failure: perhaps
              before_script: [{a: b}]
            """).Split('\n');

        errors.Select(error => error.Split(": ")[1]).Should().Equal(
            "job.script", "job.image", "job.srcipt", "job.variables.A", "job.variables.b c", "job.variables.D", "job.timeout", "job.artifacts.pahts", "job.artifacts.when", "job.allow_failure", "job.before_script");
        errors[2].Should().Contain("did you mean 'script'?");
    }

    [Theory]
    [InlineData("trigger: other/project", "starts another pipeline")]
    [InlineData("run: [{name: a}]", "need GitLab's step runner")]
    public void A_job_without_a_script_of_its_own_is_refused(string line, string error) => Ci.Errors($"job:\n  {line}\n").Should().Contain(error).And.NotContain("is missing");

    [Theory]
    [InlineData("nope", "'nope' is no job")]
    [InlineData(".hidden", "'.hidden' is a hidden job")]
    [InlineData("default", "'default' is no job")]
    public void A_job_that_is_not_there_is_answered_with_those_that_are(string name, string why)
    {
        var find = () => Ci.Job("default: {image: x}\n.hidden: {script: [x]}\ntest unit: {script: [x]}\nbuild: {script: [x]}\n", name);

        var failure = find.Should().Throw<SystemFailureException>().Which;
        failure.Code.Should().Be(ErrorCodes.GitlabCiJobUnknown);
        failure.Message.Should().Contain(why).And.EndWith("it has: test unit, build");
    }

    [Theory]
    [InlineData("allow_failure: true", 7, true)]
    [InlineData("allow_failure: {exit_codes: 7}", 7, true)]
    [InlineData("allow_failure: {exit_codes: [1, 7]}", 8, false)]
    [InlineData("allow_failure: false", 7, false)]
    public void Which_failures_are_allowed_is_known(string line, int exitCode, bool allowed) =>
        Ci.Job($"job:\n  script: [x]\n  {line}\n").AllowFailure.Allows(exitCode).Should().Be(allowed);

    [Fact]
    public void A_script_is_flattened_ten_levels_deep()
    {
        static string Nested(int depth) => $"job: {{script: {new string('[', depth)}x{new string(']', depth)}}}";

        Ci.Job(Nested(11)).Script.Should().Equal("x");
        Ci.Errors(Nested(12)).Should().Contain("nested deeper than the 10 levels");
    }

    [Fact]
    public void Files_of_the_repository_are_included_under_the_one_that_includes_them()
    {
        var file = Ci.Parse(
            "include:\n  - local: /ci/base.yml\n  - template: Auto.yml\njob: {image: own}\n",
            ("ci/base.yml", "include: ci/more.yml\njob: {image: base, script: [base]}\n"),
            ("ci/more.yml", "job: {script: [more], variables: {A: a}}\nmore: {script: [x]}\n"));

        var job = file.Job("job");
        job.Should().BeEquivalentTo(new { Image = "own", Script = new[] { "base" } });
        job.Variables.Should().ContainSingle();
        job.Warnings.Should().ContainSingle().Which.ToString().Should().Contain("'template: Auto.yml' is not read here");
        file.Jobs.Should().Equal("job", "more");
    }

    [Theory]
    [InlineData("include: nope.yml\njob: {script: [x]}", ":1:10: include: there is no file 'nope.yml' in the repository")]
    [InlineData("include: a.yml\njob: {script: [x]}", "goes round in a circle: a.yml > a.yml")]
    public void An_include_that_leads_nowhere_is_an_error(string yaml, string error) => Ci.Errors(yaml, "job", ("a.yml", "include: a.yml\n")).Should().Contain(error);
}
