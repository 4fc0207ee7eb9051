using System.Diagnostics;
using FluentAssertions;
using Xunit;

namespace VmExecutor.Program.Tests;

/// <summary><c>try</c> up to where a VM would be made: the bench's libvirt knows none of its disks.</summary>
public sealed class TryCommandTests : IDisposable
{
    private readonly StageBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact(Timeout = 60_000)]
    public async Task A_script_that_is_not_there_is_named_before_anything_is_started()
    {
        var exit = await _bench.RunAsync("try", "small", "--script", "/nonexistent/script");

        exit.ShouldFail(StageBench.SystemFailure, "VMX1901", "/nonexistent/script");
        exit.Output.Should().BeEmpty();
    }

    [Theory(Timeout = 60_000)]
    [InlineData("not both", "small", "--script", "x", "--", "true")]
    [InlineData("Give an image, or --gitlab-ci FILE", "--keep")]
    [InlineData("--job goes with --gitlab-ci", "small", "--job", "x")]
    [InlineData("--variable goes with --gitlab-ci", "small", "--variable", "A=b")]
    [InlineData("--worktree goes with", "small", "--worktree")]
    [InlineData("the script is the job's", "--gitlab-ci", "f", "--job", "x", "--script", "y")]
    [InlineData("there is no command behind --", "--gitlab-ci", "f", "--job", "x", "--", "make")]
    [InlineData("Give the image once", "other", "--gitlab-ci", "f", "--image", "small")]
    [InlineData("--variable takes NAME=VALUE", "--gitlab-ci", "f", "--variable", "a b=c")]
    public async Task Options_that_do_not_go_together_are_refused(string why, params string[] arguments)
    {
        var exit = await _bench.RunAsync(["try", .. arguments]);

        exit.ShouldFail(StageBench.SystemFailure, "VMX1901", why);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_file_that_is_not_there_is_named()
    {
        var exit = await _bench.RunAsync("try", "--gitlab-ci", "/nonexistent/.gitlab-ci.yml", "--job", "x");

        exit.ShouldFail(StageBench.SystemFailure, "VMX1941", "/nonexistent/.gitlab-ci.yml");
    }

    [Theory(Timeout = 60_000)]
    [InlineData("--job", "tset", "Did you mean --job 'test'?")]
    [InlineData("--artifacts", "x", "Name one: --job NAME")]
    public async Task A_job_that_is_not_there_or_not_named_is_answered_by_those_that_are(string option, string value, string hint)
    {
        Write("test: {script: [x]}\nbuild: {script: [x]}\n.base: {script: [x]}\n");

        var exit = await _bench.RunAsync("try", "--gitlab-ci", _bench.PathOf("repo/.gitlab-ci.yml"), option, value);

        exit.ShouldFail(StageBench.SystemFailure, "VMX1942", "it has: test, build", hint);
    }

    [Fact(Timeout = 60_000)]
    public async Task All_errors_of_the_job_are_told_with_file_line_and_column_and_nothing_is_started()
    {
        Write("test:\n  scirpt: [x]\n  timeout: soon\n");

        var exit = await TryAsync();

        exit.ShouldFail(
            StageBench.SystemFailure, "VMX1940", $"{_bench.PathOf("repo/.gitlab-ci.yml")}:2:3: test.scirpt: is no keyword of GitLab; did you mean 'script'?", ":3:12: test.timeout: 'soon'", "test.script: is missing");
        exit.Output.Should().BeEmpty();
    }

    [Fact(Timeout = 60_000)]
    public async Task The_image_is_the_jobs_with_its_variables_and_chosen_as_for_any_job()
    {
        Write("variables: {NAME: nope}\ndefault: {image: 'x'}\ntest:\n  image: $NAME-$VERSION\n  script: [x]\n");

        var exit = await TryAsync("--variable", "VERSION=12");

        exit.ShouldFail(1, "VMX1010", "there is no image 'nope-12'", "small");
    }

    [Theory(Timeout = 60_000)]
    [InlineData("--image", "also-not")]
    [InlineData("also-not")]
    public async Task Another_image_can_be_given(params string[] arguments)
    {
        Write("test: {image: nope, script: [x]}\n");

        var exit = await _bench.RunAsync(["try", .. arguments, "--gitlab-ci", _bench.PathOf("repo/.gitlab-ci.yml"), "--job", "test"]);

        exit.ShouldFail(1, "VMX1010", "there is no image 'also-not'");
    }

    [Fact(Timeout = 60_000)]
    public async Task Keywords_that_are_not_honoured_and_uncommitted_files_are_named_before_the_job()
    {
        Write("test: {image: nope, script: [x], rules: [{if: $X}], retry: 2}\n");
        await GitAsync("init", "--quiet", "repo");
        await GitAsync("-C", "repo", "-c", "user.name=t", "-c", "user.email=t@t", "commit", "--quiet", "--allow-empty", "-m", "first");

        var exit = await TryAsync();

        exit.Error.Should().ContainAll(".gitlab-ci.yml:1:34: rules: are not evaluated", "retry: the job runs once", $"1 change in {_bench.PathOf("repo")} are not committed", "--worktree");
        (await TryAsync("--worktree")).Error.Should().NotContain("not committed");
    }

    [Fact(Timeout = 60_000)]
    public async Task Without_a_repository_the_job_gets_an_empty_directory_which_is_said()
    {
        Write("test: {image: nope, script: [x]}\n");

        (await TryAsync()).Error.Should().Contain("is in no git repository: the job gets an empty directory");
        (await TryAsync("--repo", _bench.PathOf("repo"))).ShouldFail(StageBench.SystemFailure, "VMX1901", "is no git repository");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_file_of_the_repository_is_included_and_none_outside()
    {
        Write("include: /ci/a.yml\n");
        _bench.Write("repo/ci/a.yml", "test: {image: nope, script: [x]}\n").Write("outside.yml", "test: {script: [x]}\n");

        (await TryAsync()).ShouldFail(1, "VMX1010", "'nope'");
        Write("include: ../outside.yml\n");
        (await TryAsync()).ShouldFail(StageBench.SystemFailure, "VMX1940", "there is no file '../outside.yml' in the repository");
    }

    [Fact(Timeout = 60_000)]
    public async Task Files_that_a_wildcard_names_are_included_and_jobs_of_a_matrix_are_listed_by_their_full_names()
    {
        Write("include: 'ci/**.yml'\n");
        _bench.Write("repo/ci/a.yml", "test: {image: nope, script: [x], parallel: {matrix: [{A: [x, y]}]}}\n").Write("repo/ci/deep/b.yml", "build: {script: [x]}\n");
        var file = _bench.PathOf("repo/.gitlab-ci.yml");

        (await _bench.RunAsync("try", "--gitlab-ci", file)).ShouldFail(StageBench.SystemFailure, "VMX1942", "it has: test: [x], test: [y], build");
        (await TryAsync()).ShouldFail(StageBench.SystemFailure, "VMX1944", "is 2 jobs by its 'parallel:'", "--job 'test: [x]'");
        (await _bench.RunAsync("try", "--gitlab-ci", file, "--job", "test: [y]")).ShouldFail(1, "VMX1010", "'nope'");
    }

    [Theory(Timeout = 60_000)]
    [InlineData("--input", "image=also-not", "there is no image 'also-not'")]
    [InlineData("--variable", "A=b", "`image` input: required value has not been provided")]
    [InlineData("--input", "image=a", "--input", "other=b", "unknown input arguments: other")]
    public async Task Inputs_of_the_file_are_given_by_options(params string[] arguments)
    {
        Write("spec: {inputs: {image: }}\n---\ntest: {image: '$[[ inputs.image ]]', script: [x]}\n");

        (await TryAsync([.. arguments.SkipLast(1)])).Error.Should().Contain(arguments[^1]);
    }

    [Theory(Timeout = 60_000)]
    [InlineData("GIT_STRATEGY: clon", "unknown GIT_STRATEGY: 'clon'")]
    [InlineData("GIT_SUBMODULE_STRATEGY: all", "unknown GIT_SUBMODULE_STRATEGY: 'all'")]
    public async Task A_way_to_get_sources_that_the_runner_does_not_know_is_refused(string variable, string error)
    {
        Write($"test: {{image: nope, script: [x], variables: {{{variable}}}}}\n");

        (await TryAsync()).ShouldFail(StageBench.SystemFailure, "VMX1940", error);
    }

    private void Write(string yaml) => _bench.Write("repo/.gitlab-ci.yml", yaml);

    private Task<ProgramExit> TryAsync(params string[] arguments) =>
        _bench.RunAsync(["try", "--gitlab-ci", _bench.PathOf("repo/.gitlab-ci.yml"), "--job", "test", .. arguments]);

    private async Task GitAsync(params string[] arguments)
    {
        using var git = Process.Start(new ProcessStartInfo("git", arguments) { WorkingDirectory = _bench.PathOf(".") })!;
        await git.WaitForExitAsync(TestContext.Current.CancellationToken);
        git.ExitCode.Should().Be(0);
    }
}
