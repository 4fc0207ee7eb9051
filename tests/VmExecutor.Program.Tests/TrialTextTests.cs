using System.Diagnostics;
using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Values;
using VmExecutor.GitlabCi;
using VmExecutor.RunnerSimulator.Drivers;
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

        using var bash = Process.Start(new ProcessStartInfo("bash", [script]) { RedirectStandardOutput = true, RedirectStandardInput = true })!;
        var said = await bash.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await bash.WaitForExitAsync(TestContext.Current.CancellationToken);
        directory.Delete(recursive: true);

        (bash.ExitCode, said).Should().Be((exitCode, output));
    }

    [Theory(Timeout = 120_000)]
    [InlineData("sh -c 'exit 42'", 42, "")]
    [InlineData("Get-Item /no/such/file; echo not-reached", 1, "")]
    [InlineData("throw 'no'", 1, "")]
    [InlineData("exit 7", 7, "")]
    [InlineData("echo \"$([Console]::In.ReadToEnd())no stdin\"", 0, "no stdin\n")]
    public async Task A_script_for_PowerShell_ends_as_the_runners_would(string body, int exitCode, string output)
    {
        var (exit, said, _) = await PowerShellAsync(TrialScript.Build(PowerShell, "/", new GivenScript(body, [])));

        (exit, said).Should().Be((exitCode, output));
    }

    [Fact(Timeout = 120_000)]
    public async Task The_words_of_a_command_reach_a_program_of_PowerShell_unchanged()
    {
        var (exit, said, _) = await PowerShellAsync(TrialScript.Build(PowerShell, "/", new GivenScript(null, ["sh", "-c", "printf '%s\\n' \"$@\"; exit 9", "sh", "it\u2019s", "$HOME 'x'", ""])));

        (exit, said).Should().Be((9, "it\u2019s\n$HOME 'x'\n\n"));
    }

    [Fact(Timeout = 120_000)]
    public async Task Sources_that_cannot_be_fetched_end_the_trial_in_PowerShell_too()
    {
        var directory = Path.Combine(Path.GetTempPath(), $"vmx it's {Guid.NewGuid():N}");

        (await PowerShellAsync(TrialScript.GetSources(PowerShell, directory, hasRepository: false))).Should().Be((0, "No repository was given (--repo)\n", ""));
        Directory.Exists(directory).Should().BeTrue();
        Directory.Delete(directory);
        var (exit, _, error) = await PowerShellAsync(TrialScript.GetSources(PowerShell, directory, hasRepository: true));
        exit.Should().Be(128);
        error.Should().Contain("vm-executor-try.bundle");
    }

    [Fact(Timeout = 120_000)]
    public async Task The_first_and_the_last_sub_stage_run_in_PowerShell()
    {
        var (exit, said, error) = await PowerShellAsync(TrialScript.PrepareScript);
        (exit, error).Should().Be((0, ""));
        said.Should().StartWith("Running on ").And.EndWith(" via vm-executor try...\n");
        (await PowerShellAsync(TrialScript.LastScript)).Should().Be((0, "", ""));
    }

    [Fact(Timeout = 120_000)]
    public async Task Variables_are_there_for_the_script_and_for_what_it_starts()
    {
        var value = "it\u2019s ä \u201cx\u201d $HOME `n";
        var (exit, said, _) = await PowerShellAsync(CiScript.Write(GuestShell.Pwsh, [new("MINE", value)], "/", ["echo \"1 $MINE\"", "sh -c 'echo \"2 $MINE\"'"]));

        exit.Should().Be(0);
        said.Should().Contain($"\n1 {value}\n").And.Contain($"\n2 {value}\n");
    }

    private static TrialGuest PowerShell { get; } = new(GuestShell.Pwsh, "/builds");

    private static async Task<(int Exit, string Output, string Error)> PowerShellAsync(string body)
    {
        var program = await BuiltPowerShell.FindAsync();
        Assert.SkipWhen(program is null && Environment.GetEnvironmentVariable("CI") != "true", BuiltPowerShell.Missing);
        var directory = Directory.CreateTempSubdirectory("vmx-trial-");
        var script = Path.Combine(directory.FullName, "script.ps1");
        await File.WriteAllTextAsync(script, RunnerScript.Wrap(GuestShell.Pwsh, body, posix: false), TestContext.Current.CancellationToken);
        using var process = Process.Start(new ProcessStartInfo(program!, ["-NoProfile", "-NonInteractive", "-File", script])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        process.StandardInput.Close();
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        directory.Delete(recursive: true);
        return (process.ExitCode, output, await error);
    }
}
