using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Instruments;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Cases;

/// <summary>A job of a real <c>.gitlab-ci.yml</c> that fails, and the same once more from its kept scripts.</summary>
public sealed class TrialTests(TestMachine machine) : BenchTest(machine)
{
    private const string Green = "\u001b[32;1m$ ";

    private const string Yaml = """
        default:
          image: $DISTRO
          before_script: [export FROM_BEFORE=one-shell]
          after_script: ['echo "after: $CI_JOB_STATUS ${FROM_BEFORE:-own shell}"; exit 3']
        variables:
          DISTRO: small
          GREETING: "hello $NAME"
        .base:
          variables: {NAME: base}
          artifacts:
            when: always
            paths: [out/, "**/*.log", ../outside]
            exclude: [out/*.tmp]
        test:
          extends: .base
          variables: {NAME: "it's $$HOME"}
          services: [postgres]
          allow_failure: {exit_codes: 42}
          script:
            - mkdir -p out deep/er && echo kept > out/a.txt && echo x > out/b.tmp && echo log > deep/er/x.log && ln -s /etc/passwd out/link
            - echo "$GREETING, $FROM_BEFORE, $CI_COMMIT_BRANCH, $(pwd | sed "s:.*/builds/::"), $CI_PROJECT_PATH, $(cat new.txt)"
            - test "$(git rev-parse HEAD^)" = "$PARENT" && echo on-top-of-head
            - |
              (exit 42)
              echo not-reached
        """;

    [Fact(Timeout = HangLimit)]
    public async Task A_job_of_a_gitlab_ci_file_runs_leaves_its_artifacts_and_is_replayed_when_it_has_failed()
    {
        Bench.With();
        Bench.Configure("keep_scripts: {for: 1h}\n");
        var repository = Bench.MakeDirectory("repository");
        await File.WriteAllTextAsync($"{repository}/.gitlab-ci.yml", Yaml, TestContext.Current.CancellationToken);
        await HostCommand.OutputAsync("git", "-C", repository, "init", "--quiet", "--initial-branch=topic");
        await HostCommand.OutputAsync("git", "-C", repository, "-c", "user.name=t", "-c", "user.email=t@t", "commit", "--quiet", "--allow-empty", "-m", "first");
        await HostCommand.OutputAsync("git", "-C", repository, "remote", "add", "origin", "https://gitlab.example.com/group/project.git");
        var head = (await HostCommand.OutputAsync("git", "-C", repository, "rev-parse", "HEAD")).Trim();
        await File.WriteAllTextAsync($"{repository}/new.txt", "not committed", TestContext.Current.CancellationToken);
        var artifacts = $"{Bench.MakeDirectory("artifacts")}/here";

        var (exitCode, output, error) = await Bench.CommandAsync(
            "try", "--gitlab-ci", $"{repository}/.gitlab-ci.yml", "--job", "test", "--worktree", "--artifacts", artifacts, "--variable", $"PARENT={head}");

        exitCode.Should().Be(42, output + error);
        output.Should().ContainAll(
            $"{Green}export FROM_BEFORE=one-shell",
            "hello it's $HOME, one-shell, topic, group/project, group/project, not committed\n",
            "on-top-of-head\n",
            $"{Green}(exit 42) # collapsed multi-line command",
            "after: failed own shell\n",
            "WARNING: after_script failed; the job's result stays",
            "2 artifacts",
            "It may fail with this exit code (allow_failure)");
        output.Should().NotContain("\nnot-reached");
        (output + error).Should().ContainAll("no services are started here (", "the guest has neither podman nor docker", "'../outside' leads out of the project's directory");
        Directory.GetFileSystemEntries(artifacts, "*", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(artifacts, path))
            .Should().BeEquivalentTo("out", "out/a.txt", "deep", "deep/er", "deep/er/x.log");
        (await File.ReadAllTextAsync($"{artifacts}/out/a.txt", TestContext.Current.CancellationToken)).Should().Be("kept\n");
        (await HostCommand.OutputAsync("git", "-C", repository, "status", "--porcelain")).Should().Be("?? .gitlab-ci.yml\n?? new.txt\n", "the repository was not touched");

        await ReplayAsync(repository);
    }

    /// <summary>The kept get_sources finds no bundle in a new VM, as it would find its token ended; with a repository of one's own it goes on.</summary>
    private async Task ReplayAsync(string repository)
    {
        var key = Path.GetFileName(Directory.GetDirectories($"{Bench.StateDirectory}/kept-scripts").Should().ContainSingle().Which);

        var (exitCode, output, error) = await Bench.CommandAsync("replay", key.Split('-')[1], "--repo", repository, "--worktree");

        exitCode.Should().Be(42, output + error);
        output.Should().ContainAll("hello it's $HOME, one-shell, topic, group/project, group/project, not committed\n", "after: failed own shell\n");
        error.Should().Contain("build_script failed with exit code 42; in the job it was exit code 42.");
        Directory.GetDirectories($"{Bench.StateDirectory}/kept-scripts").Should().ContainSingle("a replay is not kept again");
    }
}
