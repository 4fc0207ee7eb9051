using FluentAssertions;
using VmExecutor.GitlabCi.Artifacts;
using Xunit;

namespace VmExecutor.GitlabCi.Tests;

/// <summary>The selection of artifacts (https://docs.gitlab.com/ci/yaml/#artifactspaths).</summary>
public sealed class ArtifactTests
{
    private const string Project = "/builds/group/project";
    private static readonly Dictionary<string, string> Values = new() { ["CI_PROJECT_DIR"] = Project, ["NAME"] = "app" };

    [Theory]
    [InlineData("build", "build/a build/sub/b.txt")]
    [InlineData("build/", "build/a build/sub/b.txt")]
    [InlineData("./build/sub", "build/sub/b.txt")]
    [InlineData("*.txt", "top.txt")]
    [InlineData("**/*.txt", "build/sub/b.txt top.txt")]
    [InlineData("build/**/b.txt", "build/sub/b.txt")]
    [InlineData("build/*", "build/a build/sub/b.txt")]
    [InlineData("b?ild/[a-c]", "build/a")]
    [InlineData("b?ild/[!a]*", "build/sub/b.txt")]
    [InlineData("{top.txt,build/{a,nope}}", "build/a top.txt")]
    [InlineData("$CI_PROJECT_DIR/build/a", "build/a")]
    [InlineData("$NAME-*", "app-1")]
    [InlineData(".", ".hidden/x app-1 build/a build/sub/b.txt top.txt")]
    [InlineData("*/x", ".hidden/x")]
    [InlineData("nope/*", "")]
    public void Paths_are_globs_seen_from_the_project(string path, string files)
    {
        var choice = Choose(new CiArtifacts { Paths = [path] });

        string.Join(' ', choice.Files).Should().Be(files);
        choice.Empty.Should().HaveCount(files.Length == 0 ? 1 : 0);
    }

    [Theory]
    [InlineData("build/**", "top.txt")]
    [InlineData("build/a", "build/sub/b.txt top.txt")]
    [InlineData("build", "build/a build/sub/b.txt top.txt")]
    [InlineData("**/*.txt", "build/a")]
    public void A_file_is_excluded_by_its_own_path_only(string exclude, string files) =>
        string.Join(' ', Choose(new CiArtifacts { Paths = ["build", "top.txt"], Exclude = [exclude] }).Files).Should().Be(files);

    [Theory]
    [InlineData("../other")]
    [InlineData("build/../../x")]
    [InlineData("/etc/passwd")]
    [InlineData("$CI_PROJECT_DIR/../x")]
    [InlineData("/builds/group/project2/x")]
    [InlineData("{a,../b}")]
    [InlineData("{a")]
    [InlineData("")]
    public void A_path_that_leads_out_of_the_project_is_refused(string path)
    {
        var selection = new ArtifactSelection(new CiArtifacts { Paths = [path] }, Values, Project);

        selection.Refused.Should().ContainSingle();
        selection.Roots.Should().BeEmpty();
        selection.Choose(["x", "etc/passwd"], []).Files.Should().BeEmpty();
    }

    [Theory]
    [InlineData("../x")]
    [InlineData("a/../../x")]
    [InlineData("/x")]
    [InlineData("a//b")]
    [InlineData(".git/config")]
    [InlineData("a\u0001b")]
    [InlineData("a\\b")]
    [InlineData("./a")]
    public void A_name_that_a_guest_makes_up_is_no_artifact(string name) =>
        new ArtifactSelection(new CiArtifacts { Paths = ["."] }, Values, Project).Choose([name], [name]).Files.Should().BeEmpty();

    [Fact]
    public void Untracked_files_are_added_and_can_be_excluded() =>
        new ArtifactSelection(new CiArtifacts { Untracked = true, Exclude = ["*.o"] }, Values, Project).Choose([], ["new", "x.o", ".git/x"]).Files.Should().Equal("new");

    [Theory]
    [InlineData("build/*.txt", "build")]
    [InlineData("**/x", ".")]
    [InlineData("a/b/c", "a/b/c")]
    [InlineData("{a,b}/c*", "a,b")]
    public void It_is_looked_for_no_farther_than_needed(string path, string roots) =>
        new ArtifactSelection(new CiArtifacts { Paths = [path] }, Values, Project).Roots.Should().Equal(roots.Split(','));

    [Theory]
    [InlineData(CiArtifactsWhen.OnSuccess, true, false)]
    [InlineData(CiArtifactsWhen.OnFailure, false, true)]
    [InlineData(CiArtifactsWhen.Always, true, true)]
    public void When_they_are_kept_depends_on_how_the_job_ended(CiArtifactsWhen when, bool onSuccess, bool onFailure)
    {
        var artifacts = new CiArtifacts { When = when };

        (artifacts.AreFor(success: true), artifacts.AreFor(success: false)).Should().Be((onSuccess, onFailure));
    }

    private static ArtifactChoice Choose(CiArtifacts artifacts) => new ArtifactSelection(artifacts, Values, Project)
        .Choose(["top.txt", "build/a", "build/sub/b.txt", ".hidden/x", ".git/config", "app-1"], []);
}
