using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.GitlabCi.Tests;

/// <summary>Whole files of the kinds that people write (Cases), each read as GitLab reads it.</summary>
public sealed class CiCaseTests
{
    private static readonly string Directory = Path.Combine(AppContext.BaseDirectory, "Cases");

    [Theory]
    [InlineData("crlf-bom.yml", "job")]
    [InlineData("extends-inherit-default.yml", "child, no-defaults, nulls")]
    [InlineData("image-services-cache.yml", "integration")]
    [InlineData("include-inputs.yml", "nightly-test")]
    [InlineData("include-wildcards.yml", "uses-parts")]
    [InlineData("merge-and-nesting.yml", "unit, unit-twice")]
    [InlineData("odd-documents.yml", "job")]
    [InlineData("psych-scalars.yml", "scalars, float-version, a-date")]
    [InlineData("reference-in-rules.yml", "needs-only-local")]
    [InlineData("script-shapes.yml", "shapes, boolean-line, empty-script, string-script")]
    public void The_jobs_are_named_as_GitLab_names_them(string file, string jobs) => string.Join(", ", Read(file).Jobs).Should().Be(jobs);

    [Theory]
    [InlineData("psych-scalars.yml", "float-version", "float-version.variables.PYTHON_VERSION: config must be an alphanumeric string: 3.10 is a float to YAML (3.1)")]
    [InlineData("psych-scalars.yml", "a-date", "a-date.variables.RELEASED: 2024-01-31 is a date to YAML, which GitLab refuses ('Tried to load unspecified class: Date')")]
    [InlineData("merge-and-nesting.yml", "unit", "unit.script_note: is no keyword of GitLab for a job ('config contains unknown keys')")]
    [InlineData("script-shapes.yml", "boolean-line", "boolean-line.script: config should be a string or a nested array of strings up to 10 levels deep: true is a boolean to YAML")]
    [InlineData("script-shapes.yml", "empty-script", "empty-script.script: can't be blank")]
    public void A_job_that_GitLab_refuses_is_refused(string file, string job, string error)
    {
        var read = () => Read(file).Job(job);

        read.Should().Throw<GitlabCiException>().Which.Message.Should().Contain(error);
    }

    [Theory]
    [InlineData("psych-scalars.yml", "scalars", "FILE_MODE=420 BUILD_NO=1000 HEX=31 START_AT=45045 EMPTY= QUOTED_YES=yes")]
    [InlineData("extends-inherit-default.yml", "child", "LEVEL=mid DEPLOY_NOTE=staging ONLY_BASE=1 OWN=yes-please")]
    [InlineData("extends-inherit-default.yml", "no-defaults", "LEVEL=global")]
    [InlineData("extends-inherit-default.yml", "nulls", "LEVEL=global DEPLOY_NOTE=staging")]
    [InlineData("include-inputs.yml", "nightly-test", "THREADS=4")]
    public void The_variables_are_GitLabs(string file, string job, string variables) => Ci.Variables(Read(file).Job(job)).Should().Be(variables);

    [Theory]
    [InlineData("include-inputs.yml", "nightly-test", "echo \"prefix nightly\"|make -j4 DEBUG=false")]
    [InlineData("include-wildcards.yml", "uses-parts", "echo from a part")]
    [InlineData("reference-in-rules.yml", "needs-only-local", "echo local setup|echo own line")]
    [InlineData("merge-and-nesting.yml", "unit-twice", "echo the last one counts")]
    [InlineData("odd-documents.yml", "job", "echo tagged|echo 'tab\tinside is fine'")]
    [InlineData("crlf-bom.yml", "job", "echo crlf and a byte order mark|echo a block\necho with crlf\n")]
    [InlineData("script-shapes.yml", "string-script", "echo one line")]
    [InlineData("image-services-cache.yml", "integration", "mkdir -p build out|echo x > build/a.log")]
    public void The_script_is_GitLabs(string file, string job, string script) => string.Join('|', Read(file).Job(job).Script).Should().Be(script);

    [Theory]
    [InlineData("include-wildcards.yml", "uses-parts", "'ci-parts/template-with-inputs.yml' is not used", "$PARTS_DIR has its value")]
    [InlineData("reference-in-rules.yml", "needs-only-local", "'project: shared/ci-templates' is not read here", "'component: $CI_SERVER_FQDN", "rules: are not evaluated", "cache: no cache", "workflow: is not evaluated")]
    [InlineData("psych-scalars.yml", "scalars", "float-version.variables.PYTHON_VERSION", "a-date.variables.RELEASED")]
    [InlineData("image-services-cache.yml", "integration", "image.entrypoint", "secrets: are not fetched")]
    public void Keywords_that_are_not_carried_out_or_refused_elsewhere_are_named_once(string file, string job, params string[] warnings)
    {
        var told = Read(file, "Makefile").Job(job).Warnings.Select(warning => warning.ToString()).ToList();

        foreach (var warning in warnings)
        {
            told.Should().ContainSingle(one => one.Contains(warning));
        }
    }

    private static GitlabCiFile Read(string file, params string[] others) => GitlabCiFile.Parse(Text(file), new CiRepository
    {
        Read = path => File.Exists(Path.Combine(Directory, path)) ? Text(path) : null,
        Paths = () => [.. others, .. System.IO.Directory.GetFiles(Directory, "*", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(Directory, path))],
    });

    private static ConfigurationText Text(string path) => new(new AbsolutePath(Path.Combine(Directory, path)), File.ReadAllText(Path.Combine(Directory, path)));
}
