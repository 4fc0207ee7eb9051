using System.CommandLine;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Registration;

namespace VmExecutor.Commands;

/// <summary><c>vm-executor install</c>: gives a runner this driver's stages.</summary>
internal static class InstallCommand
{
    public static Command Create(Invocation invocation, Option<string?> config)
    {
        var file = new Option<string>("--config-toml") { Description = "GitLab Runner's configuration.", HelpName = "FILE", Required = true };
        var runner = new Option<string?>("--runner") { Description = "The runner's name in it; else the one with a custom executor and without stages.", HelpName = "NAME" };
        var url = new Option<string?>("--url") { Description = "GitLab's address, for a new runner.", HelpName = "URL" };
        var token = new Option<string?>("--token-file") { Description = "A file with a new runner's authentication token; - for standard input.", HelpName = "FILE" };
        var entryPoints = new Option<string?>("--entry-points") { Description = "Where config, prepare, run and cleanup are; else beside the program.", HelpName = "DIRECTORY" };
        var replace = new Option<bool>("--replace") { Description = "Exchange the stages of another driver; its time limits stay." };
        var dryRun = new Option<bool>("--dry-run") { Description = "Only say which lines would be added or filled." };
        var command = new Command(
            "install",
            "Add this driver to a runner in GitLab Runner's config.toml: to one that 'gitlab-runner register --executor custom' has made, or to a new one. "
            + "Only adds keys and fills empty ones; all else stays as it is. Example: vm-executor install --config-toml /etc/gitlab-runner/config.toml --dry-run")
        {
            file, runner, url, token, entryPoints, replace, dryRun,
        };
        command.SetAction((parsed, _) => Task.FromResult(invocation.GuardAdmin(() =>
        {
            var settingsFile = SettingsPath.Decide(parsed.GetValue(config), invocation.Variables, DriverCommand.Here());
            var settings = invocation.Load(parsed.GetValue(config)).Settings;
            var request = new RunnerRequest(parsed.GetValue(runner), parsed.GetValue(url), Installation.ReadToken(parsed.GetValue(token))) { Replaces = parsed.GetValue(replace) };
            var directory = parsed.GetValue(entryPoints) is { } named ? DriverCommand.Resolve(named) : Installation.FindEntryPoints(Environment.ProcessPath);
            new Installation(invocation.Output, invocation.Error).Run(
                DriverCommand.Resolve(parsed.GetRequiredValue(file)), request, directory, settings, settingsFile.File, parsed.GetValue(dryRun));
            return ExitCodes.Success;
        })));
        return command;
    }
}
