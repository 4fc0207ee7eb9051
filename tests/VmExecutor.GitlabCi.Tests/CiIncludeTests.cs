using FluentAssertions;
using VmExecutor.Core.Failures;
using Xunit;

namespace VmExecutor.GitlabCi.Tests;

/// <summary>Includes of the repository, their inputs, and jobs that only parts of a file make.</summary>
public sealed class CiIncludeTests
{
    private const string Template = """
        spec:
          inputs:
            job-prefix: {description: "Prefix of the job"}
            image: {default: debian-12}
            threads: {type: number, default: 4}
            tests: {type: array, default: []}
            debug: {type: boolean, default: false}
        ---
        "$[[ inputs.job-prefix ]]-test":
          image: $[[ inputs.image ]]
          variables: {THREADS: "$[[ inputs.threads ]]"}
          script:
            - echo "prefix $[[ inputs.job-prefix | expand_vars ]]"
            - make -j$[[ inputs.threads ]] DEBUG=$[[ inputs.debug ]]
        """;

    [Fact]
    public void A_file_with_inputs_gets_the_values_that_are_given_and_the_defaults()
    {
        var file = Ci.Parse("include:\n  - local: t.yml\n    inputs: {job-prefix: nightly, tests: [unit]}\n", ("t.yml", Template));

        file.Jobs.Should().Equal("nightly-test");
        file.Job("nightly-test").Should().BeEquivalentTo(new
        {
            Image = "debian-12",
            Variables = new[] { new { Name = "THREADS", Value = "4" } },
            Script = new[] { "echo \"prefix nightly\"", "make -j4 DEBUG=false" },
        });
    }

    [Theory]
    [InlineData("{}", "`job-prefix` input: required value has not been provided")]
    [InlineData("{job-prefix: 12}", "`job-prefix` input: provided value is not a string: 12 is an integer")]
    [InlineData("{job-prefix: a, threads: many}", "`threads` input: provided value is not a number")]
    [InlineData("{job-prefix: a, tests: unit}", "`tests` input: provided value is not an array")]
    [InlineData("{job-prefix: a, debug: 1}", "`debug` input: provided value is not a boolean")]
    [InlineData("{job-prefix: a, thread: 1}", "unknown input arguments: thread; did you mean 'threads'?")]
    public void A_value_that_the_file_does_not_take_is_refused(string inputs, string error) =>
        Ci.Errors($"include:\n  - local: t.yml\n    inputs: {inputs}\njob: {{script: [x]}}\n", "job", ("t.yml", Template)).Should().Contain(error);

    [Theory]
    [InlineData("{default: a, options: [a, b]}", "script: ['$[[ inputs.v ]]']", "a")]
    [InlineData("{default: a b}", "script: ['echo $[[ inputs.v | posix_escape ]]']", "echo a\\ b")]
    [InlineData("{default: abcdef}", "script: ['$[[inputs.v|truncate(1,3)]]']", "bcd")]
    [InlineData("{default: $CI_COMMIT_BRANCH-$NOPE}", "script: ['$[[ inputs.v | expand_vars ]]']", "main-$NOPE")]
    [InlineData("{default: 'x, y'}", "script: \"$[[ inputs.v | split(',') ]]\"", "x y")]
    [InlineData("{type: array, default: [x, [y]]}", "script: $[[ inputs.v ]]", "x y")]
    [InlineData("{type: array, default: [x, 1]}", "script: ['echo $[[ inputs.v ]]']", "echo [\"x\", 1]")]
    [InlineData("{default: 'yes'}", "script: [\"$[[ inputs.v ]]\"]", "yes")]
    [InlineData("{type: boolean, default: yes}", "script: ['$[[ inputs.v ]] $[[ inputs.v ]]']", "true true")]
    [InlineData("{default: v1, regex: '^v\\d$'}", "script: ['$[[ inputs.v ]]']", "v1")]
    public void Inputs_are_put_in_as_GitLab_puts_them_in(string spec, string script, string lines) =>
        string.Join(' ', Ci.Job($"spec: {{inputs: {{v: {spec}}}}}\n---\njob:\n  {script}\n").Script).Should().Be(lines);

    [Theory]
    [InlineData("{default: c, options: [a, b]}", "x", "`c` cannot be used because it is not in the list of allowed options")]
    [InlineData("{default: x, regex: '^v'}", "x", "`v` input: default value does not match required RegEx pattern")]
    [InlineData("{type: map, default: x}", "x", "`v` input: type unknown value: map")]
    [InlineData("{default: 3}", "x", "`v` input: default value is not a string: 3 is an integer to YAML; write it in quotes")]
    [InlineData("{default: x, nope: 1}", "x", "config contains unknown keys: nope")]
    [InlineData("{default: x}", "$[[ inputs.w ]]", "unknown interpolation provided: 'inputs.w'")]
    [InlineData("{default: x}", "$[[ inputs.v | upper ]]", "no function matching 'upper'")]
    [InlineData("{type: number, default: 1}", "$[[ inputs.v | truncate(0,1) ]]", "truncate can only be used with string inputs")]
    [InlineData("{type: boolean, default: true}", "$[[ inputs.v ]]", "config should be a string or a nested array of strings")]
    [InlineData("", "x", ":1:17: `v` input: required value has not been provided")]
    public void A_wrong_input_is_refused_in_GitLabs_words(string spec, string line, string error) =>
        Ci.Errors($"spec: {{inputs: {{v: {spec}}}}}\n---\njob: {{script: ['x', '{line}']}}\n").Should().Contain(error.Replace(":1:17", "", StringComparison.Ordinal));

    [Fact]
    public void Without_a_header_an_interpolation_is_a_text_like_any_other() => Ci.Job("job: {script: ['$[[ inputs.a ]]']}").Script.Should().Equal("$[[ inputs.a ]]");

    [Fact]
    public void The_files_own_inputs_can_be_given()
    {
        var inputs = new Dictionary<string, string> { ["v"] = "12", ["n"] = "3", ["a"] = "[x, y]" };

        var job = Ci.Parse("spec: {inputs: {v: , n: {type: number}, a: {type: array}}}\n---\njob: {script: ['$[[ inputs.v ]]', '$[[ inputs.n ]] $[[ inputs.a ]]']}\n", inputs, []).Job("job");

        job.Script.Should().Equal("12", "3 [\"x\", \"y\"]");
    }

    [Theory]
    [InlineData("inputs: {v: {default: a}}", "echo a ${x}")]
    [InlineData("inputs: {v: {type: number, default: 3}}", "echo 3 ${x}")]
    [InlineData("tags: []", "echo ${{ job.inputs.v }} ${x}")]
    public void Inputs_of_a_job_have_their_defaults(string line, string script) =>
        Ci.Job($"job:\n  {line}\n  script: ['echo ${{{{ job.inputs.v }}}} ${{x}}']\n").Script.Should().Equal(script);

    [Fact]
    public void An_input_of_a_job_has_a_default() => Ci.Errors("job: {script: [x], inputs: {v: {type: number}}}").Should().Contain("job.inputs.v: must have a default value");

    [Theory]
    [InlineData("ci/*.yml", "a b")]
    [InlineData("/ci/**.yml", "a b c")]
    [InlineData("ci/**/*.yml", "c")]
    [InlineData("$PARTS/b.yml", "b")]
    [InlineData("ci/*.yaml", "")]
    public void Wildcards_and_variables_in_paths_are_followed(string path, string jobs) =>
        string.Join(' ', Ci.Parse(
            $"include: '{path}'\nvariables: {{PARTS: ci}}\n",
            ("ci/a.yml", "a: {script: [x]}"),
            ("ci/b.yml", "b: {script: [x]}"),
            ("ci/deep/c.yml", "c: {script: [x]}"),
            ("ci/d.txt", "d: {script: [x]}")).Jobs).Should().Be(jobs);

    [Theory]
    [InlineData("**", "a b c")]
    [InlineData("**/*.yml", "a b c")]
    [InlineData("***.yml", "a b c")]
    [InlineData("*.yml", "")]
    [InlineData("ci/*/*.yml", "c")]
    [InlineData("c*i/a*.*yml", "a")]
    [InlineData("ci/a.yml*", "a")]
    [InlineData("ci/a.ym*l*", "a")]
    [InlineData("ci/a?yml*", "")]
    [InlineData("ci/[ab].yml*", "")]
    public void A_wildcard_stands_for_names_or_for_directories_and_nothing_else_is_special(string path, string jobs) =>
        string.Join(' ', Ci.Parse(
            $"include: '{path}'\n", ("ci/a.yml", "a: {script: [x]}"), ("ci/b.yml", "b: {script: [x]}"), ("ci/deep/c.yml", "c: {script: [x]}")).Jobs).Should().Be(jobs);

    /// <summary>A regular expression of that size would be refused, and one with backtracking would take years.</summary>
    [Theory(Timeout = 60_000)]
    [InlineData("*a", "b")]
    [InlineData("x/", "")]
    [InlineData("**a", "b")]
    public Task A_wildcard_of_any_size_ends(string part, string last)
    {
        var pattern = string.Concat(Enumerable.Repeat(part, 3000)) + last + "*.yml";

        Ci.Parse($"include: '{pattern}'\n", (new string('a', 2000) + ".yml", "a: {script: [x]}")).Jobs.Should().BeEmpty();
        return Task.CompletedTask;
    }

    [Fact]
    public void A_file_of_a_wildcard_that_GitLab_refuses_is_left_out_with_its_reason()
    {
        var job = Ci.Job("include: '*.yml'\njob: {extends: .a}\n", "job", ("a.yml", ".a: {script: [x]}"), ("t.yml", Template));

        job.Script.Should().Equal("x");
        job.Warnings.Should().ContainSingle().Which.ToString().Should().Contain("'t.yml' is not used").And.Contain("`job-prefix` input: required value has not been provided");
    }

    [Theory]
    [InlineData("[{if: $CI_COMMIT_BRANCH == \"main\"}]", true)]
    [InlineData("[{if: $CI_COMMIT_BRANCH =~ /^ma/ && $EMPTY == \"\"}]", true)]
    [InlineData("[{if: $CI_COMMIT_BRANCH != 'main' || ($NOPE == null && $EMPTY)}]", false)]
    [InlineData("[{if: $NOPE}]", false)]
    [InlineData("[{if: $CI_COMMIT_BRANCH, when: never}, {when: always}]", false)]
    [InlineData("[{exists: [Makefile]}]", true)]
    [InlineData("[{exists: {paths: ['src/**/*.c']}}]", true)]
    [InlineData("[{exists: [nope]}]", false)]
    [InlineData("[]", false)]
    public void Rules_of_an_include_decide(string rules, bool included) =>
        Ci.Parse($"include:\n  - local: a.yml\n    rules: {rules}\njob: {{script: [x]}}\n", new Dictionary<string, string>(), ["Makefile", "src/lib/a.c"], ("a.yml", "a: {script: [x]}")).Jobs
            .Contains("a").Should().Be(included);

    [Theory]
    [InlineData("include: a.txt", "does not have YAML extension!")]
    [InlineData("include: {file: a.yml}", "does not have a valid subkey; valid subkeys are local")]
    [InlineData("include: {local: a.yml, remote: 'https://x/a.yml'}", "must use only one of these subkeys")]
    [InlineData("include: [12]", "config should be a hash or a string")]
    [InlineData("include: empty.yml", "Local file 'empty.yml' is empty!")]
    [InlineData("include: {local: a.yml, inputs: {a: 1}}", "Given inputs not defined in the `spec` section")]
    [InlineData("include: {local: a.yml, rules: [{if: '$A =='}]}", "Invalid expression syntax")]
    public void An_include_that_GitLab_refuses_is_refused(string include, string error) =>
        Ci.Errors($"{include}\njob: {{script: [x]}}\n", "job", ("a.txt", "a: 1"), ("a.yml", "a: {script: [x]}"), ("empty.yml", " \n")).Should().Contain(error);

    [Fact]
    public void A_reference_into_a_file_that_is_not_read_matters_only_where_it_is_evaluated()
    {
        const string Yaml = """
            include: [{project: shared/ci, file: /rules.yml}]
            workflow: {rules: [!reference [.workflow, rules]]}
            default: {cache: [!reference [.cache, cache]]}
            job:
              rules: [!reference [.rules, rules], {if: $CI_COMMIT_TAG}]
              cache: !reference [.cache:pull, cache]
              script: [x]
            needs-it: {script: [!reference [.setup, script]]}
            extends-it: {extends: .build}
            """;

        Ci.Job(Yaml).Warnings.Select(warning => warning.Key).Should().BeEquivalentTo("include", "rules", "cache", "workflow");
        Ci.Errors(Yaml, "needs-it").Should().Contain("!reference [.setup, script] is not in this file; it may be in 'project: shared/ci', which is not read here");
        Ci.Errors(Yaml, "extends-it").Should().Contain("'.build' is not in this file; it may be in 'project: shared/ci'");
        Ci.Errors("job: {script: [x], rules: [!reference [.rules, rules]]}").Should().Contain("!reference [.rules, rules] is not in this file");
    }

    [Fact]
    public void Mistakes_in_other_jobs_are_warnings()
    {
        var job = Ci.Job("job: {script: [x]}\nfloat: {script: [x], variables: {V: 3.10}}\ndate: {script: [x], variables: {V: 2024-01-31}}\nnothing: {image: x}\nbridge: {trigger: a/b}\n");

        job.Warnings.Select(warning => warning.Key).Should().Equal("float.variables.V", "date.variables.V", "nothing.script");
        job.Warnings.Should().OnlyContain(warning => warning.Message.Contains("GitLab refuses the whole file"));
    }

    [Fact]
    public void A_job_of_which_an_include_that_is_not_read_may_have_the_rest_is_not_judged()
    {
        const string Yaml = "include: {template: SAST.yml}\nsast: {variables: {A: b}}\njob: {script: [x]}\n";

        Ci.Job(Yaml).Warnings.Should().ContainSingle().Which.Key.Should().Be("include");
        Ci.Errors(Yaml, "sast").Should().Contain("sast.script: is missing").And.Contain("it may be in 'template: SAST.yml'");
    }

    [Theory]
    [InlineData("parallel: 2", "job 1/2,job 2/2")]
    [InlineData("parallel: 1", "job 1/1")]
    [InlineData("parallel: {matrix: [{A: [x, 1], B: y}, {C: z}]}", "job: [x, y],job: [1, y],job: [z]")]
    public void Parallel_jobs_are_named_as_GitLab_names_them(string line, string names) => string.Join(',', Ci.Parse($"job:\n  script: [x]\n  {line}\n").Jobs).Should().Be(names);

    [Fact]
    public void A_job_of_a_matrix_has_its_variables_and_its_number()
    {
        var job = Ci.Job("job: {script: [x], variables: {A: own, D: $A}, parallel: {matrix: [{A: [x, 1], B: y}]}}", "job: [1, y]");

        job.Should().BeEquivalentTo(new { Name = "job: [1, y]", Group = "job", NodeIndex = 2, NodeTotal = 2 });
        Ci.Variables(job).Should().Be("A=1 D=1 B=y");
    }

    [Fact]
    public void A_name_that_several_jobs_have_is_answered_by_them()
    {
        var find = () => Ci.Job("job: {script: [x], parallel: 2}");

        var failure = find.Should().Throw<SystemFailureException>().Which;
        failure.Code.Should().Be(ErrorCodes.GitlabCiJobAmbiguous);
        failure.Message.Should().EndWith("is 2 jobs by its 'parallel:': job 1/2; job 2/2");
        Ci.Job("job: {script: [x], parallel: {matrix: [{A: x}]}}").Name.Should().Be("job: [x]", "it is the only one");
    }

    [Theory]
    [InlineData("0", "greater than or equal to 1")]
    [InlineData("201", "less than or equal to 200")]
    [InlineData("many", "should be a hash or an integer")]
    [InlineData("{matrix: [{V: [3.9, 3.10]}]}", "value can be an array: 3.9 is a float")]
    [InlineData("{matrix: [{V: []}]}", "value can be an array")]
    [InlineData("{matrix: {V: [a]}}", "config should be an array of hashes")]
    [InlineData("{other: 1}", "config contains unknown keys: other")]
    public void A_parallel_that_GitLab_refuses_is_refused(string parallel, string error) => Ci.Errors($"job: {{script: [x], parallel: {parallel}}}").Should().Contain($"{error}");
}
