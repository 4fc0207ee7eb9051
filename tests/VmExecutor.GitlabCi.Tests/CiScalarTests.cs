using FluentAssertions;
using Xunit;

namespace VmExecutor.GitlabCi.Tests;

/// <summary>
/// Values without quotes, as Ruby's Psych 4 reads them: each expectation is the answer of
/// <c>YAML.safe_load("a: VALUE", permitted_classes: [Symbol], aliases: true)</c>.
/// </summary>
public sealed class CiScalarTests
{
    [Theory]
    [InlineData("0644", "420")]
    [InlineData("-0777", "-511")]
    [InlineData("1_000", "1000")]
    [InlineData("1,000", "1000")]
    [InlineData("0x1F", "31")]
    [InlineData("0b11", "3")]
    [InlineData("0_7", "7")]
    [InlineData("00", "0")]
    [InlineData("+1", "1")]
    [InlineData("12:30:45", "45045")]
    [InlineData("12:30", "45000")]
    [InlineData("190:20:30", "685230")]
    [InlineData("-1:30", "-1800")]
    [InlineData("123456789012345678901234567890", "123456789012345678901234567890")]
    [InlineData("08", "08")]
    [InlineData("0o17", "0o17")]
    [InlineData("1e3", "1e3")]
    [InlineData("1_", "1_")]
    [InlineData("1:60", "1:60")]
    [InlineData("y", "y")]
    [InlineData("n", "n")]
    [InlineData("1.2.3", "1.2.3")]
    [InlineData("3.10-alpine", "3.10-alpine")]
    [InlineData("2001-13-14", "2001-13-14")]
    [InlineData("0.1_0", "0.1_0")]
    [InlineData(":sym", "sym")]
    [InlineData("~", "")]
    [InlineData("nUll", "")]
    [InlineData("!!int '12'", "12")]
    [InlineData("!!str 3.10", "3.10")]
    [InlineData("!!binary aGk=", "hi")]
    [InlineData("! 12", "12")]
    public void A_variable_has_the_text_that_Ruby_makes_of_its_value(string written, string text) =>
        Ci.Job($"job:\n  script: [x]\n  variables:\n    V: {written}\n").Variables.Should().Equal(new CiVariable("V", text));

    [Theory]
    [InlineData("3.10", "a float to YAML (3.1)")]
    [InlineData("1.0", "a float")]
    [InlineData("1.", "a float to YAML (1.0)")]
    [InlineData(".5", "a float to YAML (0.5)")]
    [InlineData("1,2.5", "a float to YAML (12.5)")]
    [InlineData("12:30:45.5", "a float to YAML (45045.5)")]
    [InlineData("1.0e+5", "a float to YAML (100000.0)")]
    [InlineData("1.0e-7", "a float to YAML (1.0e-07)")]
    [InlineData("1234567890123456789.0", "a float to YAML (1.2345678901234568e+18)")]
    [InlineData(".inf", "a float to YAML (Infinity)")]
    [InlineData(".NaN", "a float")]
    [InlineData("!!float 1", "a float")]
    [InlineData("yes", "a boolean to YAML (true)")]
    [InlineData("oFf", "a boolean to YAML (false)")]
    [InlineData("True", "a boolean")]
    [InlineData("2024-01-31", "Tried to load unspecified class: Date")]
    [InlineData("2001-2-30", "Tried to load unspecified class: Date")]
    [InlineData("2024-01-31T10:00:00Z", "Tried to load unspecified class: Time")]
    [InlineData("2024-01-01 10:00:00 +0200", "Tried to load unspecified class: Time")]
    public void A_value_that_is_no_text_and_no_whole_number_is_refused_as_a_variable(string written, string why)
    {
        Ci.Errors($"job:\n  script: [x]\n  variables:\n    V: {written}\n").Should().Contain("/repo/.gitlab-ci.yml:4:8: job.variables.V: ").And.Contain(why);
        Ci.Errors($"job:\n  script: [x]\n  variables:\n    V: '{written.Replace("!!float ", "", StringComparison.Ordinal)}'\n").Should().BeEmpty("in quotes it is a text");
    }

    [Theory]
    [InlineData("true")]
    [InlineData("42")]
    [InlineData("3.10")]
    [InlineData("0644")]
    [InlineData("12:30")]
    [InlineData("~")]
    [InlineData("[[true]]")]
    [InlineData("{a: b}")]
    public void A_line_of_script_is_a_text_and_nothing_else(string line)
    {
        foreach (var keyword in new[] { "script", "before_script", "after_script" })
        {
            var own = keyword == "script" ? "" : "  script: [x]\n";
            Ci.Errors($"job:\n{own}  {keyword}:\n    - {line}\n").Should().Contain($"job.{keyword}: config should be a string or a nested array of strings up to 10 levels deep");
        }
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("''")]
    [InlineData("'  '")]
    [InlineData("null")]
    public void A_script_is_not_blank(string script) => Ci.Errors($"job: {{script: {script}}}").Should().Contain("job.script: can't be blank");

    [Theory]
    [InlineData("12: {script: [x]}", "12", "an integer")]
    [InlineData("yes: {script: [x]}", "yes", "a boolean")]
    [InlineData("on: {script: [x]}", "on", "a boolean")]
    [InlineData("3.10: {script: [x]}", "3.10", "a float")]
    public void A_jobs_name_is_a_text(string yaml, string name, string what) => Ci.Errors(yaml, name).Should().Contain(what).And.Contain("name should be a symbol");

    [Theory]
    [InlineData("image: 12", "job.image: config should be a hash or a string")]
    [InlineData("image: 3.10", "job.image: config should be a hash or a string: 3.10 is a float")]
    [InlineData("image: {entrypoint: ['']}", "job.image: name can't be blank")]
    [InlineData("stage: 1", "job.stage: config should be a string")]
    [InlineData("stage: nope", "job.stage: chosen stage nope does not exist; available stages are .pre, build, test, deploy, .post")]
    [InlineData("retry: 3", "job.retry: config must be less than or equal to 2")]
    [InlineData("tags: docker", "job.tags: config should be an array of strings")]
    [InlineData("tags: [1]", "job.tags: config should be an array of strings")]
    [InlineData("only: main", "job.only: config has to be either an array of conditions or a hash")]
    [InlineData("when: never", "job.when: config should be one of: on_success")]
    [InlineData("interruptible: 'yes'", "job.interruptible: config should be a boolean value")]
    [InlineData("needs: build", "job.needs: config can only be a hash or an array")]
    [InlineData("script_note: 1", "job.script_note: is no keyword of GitLab for a job ('config contains unknown keys')")]
    [InlineData("rules: [{when: always}]\n  only: [main]", "job.only: key may not be used with `rules`: only")]
    [InlineData("artifacts: {paths: out/}", "job.artifacts.paths: should be an array of strings")]
    [InlineData("variables: {V: {value: a, description: b}}", "job.variables.V: config uses invalid data keys: description")]
    [InlineData("variables: {A: $B, B: '%C%', C: '${A}'}", "circular variable reference detected")]
    [InlineData("coverage: 50", "job.coverage: config must be a regular expression")]
    [InlineData("trigger: {include: x.yml}", "these keys cannot be used together: script, trigger")]
    public void A_keyword_with_a_value_that_GitLab_refuses_is_refused(string line, string error) => Ci.Errors($"job:\n  script: [x]\n  {line}\n").Should().Contain(error);

    [Fact]
    public void A_date_is_told_once() => Ci.Errors("job: {script: [2024-01-31], variables: {V: 2024-01-31 10:00:00}}").Split('\n').Should().HaveCount(2);

    [Theory]
    [InlineData("coverage: '/\\d+/'")]
    [InlineData("coverage: '/cover: (\\d+)/i'")]
    [InlineData("cache: [{paths: [a]}, {paths: [b]}]")]
    [InlineData("when: delayed\n  start_in: 30 minutes")]
    [InlineData("retry: {max: 2, when: [runner_system_failure], exit_codes: 3}")]
    [InlineData("needs: [{job: build, artifacts: true}, {pipeline: x, job: y}]")]
    [InlineData("only: {refs: [main]}\n  except: [tags, /^x/]")]
    [InlineData("rules: [[{if: $A}], {when: manual}]")]
    [InlineData("pages: true")]
    [InlineData("environment: production")]
    [InlineData("stage: .pre")]
    [InlineData("before_script: x")]
    [InlineData("services: [{name: a, alias: b}, c]")]
    public void A_keyword_with_a_value_that_GitLab_takes_is_taken(string line) => Ci.Errors($"job:\n  script: [x]\n  {line}\n").Should().BeEmpty();

    [Fact]
    public void Options_of_a_variable_hold_its_value() =>
        Ci.Errors("variables: {V: {value: a, options: [b]}}\njob: {script: [x]}").Should().Contain("variables.V: config value must be present in options");

    [Theory(Timeout = 60_000)]
    [InlineData("")]
    [InlineData("0x")]
    [InlineData(":")]
    public async Task An_integer_of_a_million_digits_stays_as_it_is_written(string form)
    {
        var digits = new string('1', 1_000_000);
        var text = form == ":" ? $"{digits}:30" : form + digits;

        (await Task.Run(() => CiScalars.Resolve(text))).Should().Be((CiKind.Integer, text));
    }
}
