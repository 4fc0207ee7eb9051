using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Values;
using VmExecutor.Trials;
using Xunit;

namespace VmExecutor.Program.Tests;

/// <summary>The texts that trials make in place of GitLab and the runner.</summary>
public sealed class TrialTextTests
{
    [Theory]
    [InlineData("https://gitlab.example.com/group/sub/project.git", "group/sub/project")]
    [InlineData("https://user:token@gitlab.example.com/group/project", "group/project")]
    [InlineData("git@gitlab.example.com:group/project.git", "group/project")]
    [InlineData("ssh://git@gitlab.example.com:2222/group/project.git", "group/project")]
    [InlineData("https://gitlab.example.com/group/my.git.tools/", "group/my.git.tools")]
    [InlineData("/srv/git/project.git", "local/work-tree")]
    [InlineData("https://gitlab.example.com/group/../etc", "local/work-tree")]
    [InlineData("https://gitlab.example.com/gr;oup/project", "local/work-tree")]
    [InlineData(null, "local/work-tree")]
    public void The_projects_path_is_the_remotes_and_always_fit_for_a_directory(string? remote, string path) =>
        TrialRepository.PathOf(remote, new AbsolutePath("/home/me/work tree")).Should().Be(path);

    [Theory]
    [InlineData("(exit 42)\necho not-reached", 42, "")]
    [InlineData("false | true\necho not-reached", 1, "")]
    [InlineData("exit 7", 7, "")]
    [InlineData("read line || echo \"no stdin\"", 0, "no stdin\n")]
    public async Task A_script_ends_at_the_first_line_that_fails_with_its_exit_code(string body, int exitCode, string output)
    {
        var directory = Directory.CreateTempSubdirectory("vmx-trial-");
        var script = Path.Combine(directory.FullName, "script");
        await File.WriteAllTextAsync(script, RunnerScript.Wrap(GuestShell.Bash, body, posix: false), TestContext.Current.CancellationToken);

        using var bash = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("bash", [script]) { RedirectStandardOutput = true, RedirectStandardInput = true })!;
        var said = await bash.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await bash.WaitForExitAsync(TestContext.Current.CancellationToken);
        directory.Delete(recursive: true);

        (bash.ExitCode, said).Should().Be((exitCode, output));
    }
}
