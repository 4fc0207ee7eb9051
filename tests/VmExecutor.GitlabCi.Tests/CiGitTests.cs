using FluentAssertions;
using VmExecutor.Core.Failures;
using Xunit;

namespace VmExecutor.GitlabCi.Tests;

/// <summary>The variables by which a job says how it gets its sources.</summary>
public sealed class CiGitTests
{
    [Theory]
    [InlineData("", CiGitStrategy.Clone)]
    [InlineData("fetch", CiGitStrategy.Clone)]
    [InlineData("clone", CiGitStrategy.Clone)]
    [InlineData("none", CiGitStrategy.None)]
    [InlineData("empty", CiGitStrategy.Empty)]
    public void The_strategies_are_the_runners(string value, CiGitStrategy strategy) => Read("GIT_STRATEGY", value).Strategy.Should().Be(strategy);

    [Theory]
    [InlineData("GIT_STRATEGY", "clon")]
    [InlineData("GIT_SUBMODULE_STRATEGY", "all")]
    public void A_value_that_the_runner_does_not_know_fails_the_job(string name, string value)
    {
        var read = () => Read(name, value);

        read.Should().Throw<SystemFailureException>().WithMessage($"unknown {name}: '{value}'*");
    }

    [Theory]
    [InlineData("GIT_SUBMODULE_STRATEGY", "recursive", "submodules are not fetched")]
    [InlineData("GIT_DEPTH", "1", "the whole history")]
    [InlineData("GIT_FETCH_EXTRA_FLAGS", "--prune", "not passed to git")]
    public void Settings_that_are_not_honoured_are_named(string name, string value, string note) => Read(name, value).NotDone.Should().ContainSingle().Which.Should().Contain(name).And.Contain(note);

    [Theory]
    [InlineData("false", false)]
    [InlineData("0", false)]
    [InlineData("true", true)]
    [InlineData("", true)]
    public void A_checkout_can_be_left_out(string value, bool checkout) => Read("GIT_CHECKOUT", value).Checkout.Should().Be(checkout);

    [Theory]
    [InlineData("", "/builds/g/p")]
    [InlineData("/builds/other/place/", "/builds/other/place")]
    public void The_project_is_where_GIT_CLONE_PATH_says(string path, string directory) => Directory(path).Should().Be(directory);

    [Theory]
    [InlineData("/tmp/x")]
    [InlineData("/builds/../etc")]
    [InlineData("/builds")]
    [InlineData("/buildsx/y")]
    [InlineData("relative")]
    public void A_GIT_CLONE_PATH_outside_of_the_builds_directory_is_refused(string path)
    {
        var read = () => Directory(path);

        read.Should().Throw<SystemFailureException>().WithMessage("*has to be within '/builds'*");
    }

    private static string Directory(string path) => CiGit.ProjectDirectory("/builds", "/builds/g/p", new Dictionary<string, string> { ["GIT_CLONE_PATH"] = path });

    private static CiGit Read(string name, string value) => CiGit.Read(new Dictionary<string, string> { [name] = value });
}
