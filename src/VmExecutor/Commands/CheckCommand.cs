using System.CommandLine;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Egress;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Health.Runner;
using VmExecutor.Core.Values;
using VmExecutor.Health;
using VmExecutor.Host.Processes;
using VmExecutor.Host.Runner;

namespace VmExecutor.Commands;

/// <summary><c>vm-executor check</c>: says everything that is wrong with the configuration at once.</summary>
internal static class CheckCommand
{
    public static Command Create(Invocation invocation, Option<string?> config)
    {
        var command = new Command(
            "check",
            "Check the configuration: every error with file, line and column, and what files and source domains show. Example: vm-executor check --config ./vm-executor.yaml");
        command.SetAction((parsed, _) => invocation.GuardAdminAsync(async token =>
        {
            var loaded = invocation.Load(parsed.GetValue(config));
            EgressNeeds.Ensure(loaded.Settings, invocation.UriOf(loaded.Settings));
            var unseen = await EgressNetworks.EnsureAsync(loaded.Settings, invocation.UriOf(loaded.Settings), invocation.Time, token);
            var images = loaded.Settings.Images;
            var catalogue = new CatalogueCheck(loaded.Settings, invocation.UriOf(loaded.Settings), invocation.Time);
            var warnings = loaded.Warnings.Select(warning => warning.ToString())
                .Concat(await catalogue.WarningsAsync(token))
                .Concat(TroubleWithShells(invocation, loaded.Settings))
                .ToList();
            foreach (var warning in warnings)
            {
                invocation.Output.WriteLine($"warning: {warning}");
            }

            foreach (var note in catalogue.Notes.Concat(new[] { unseen, EgressNeeds.Note(loaded.Settings, invocation.UriOf(loaded.Settings)) }.OfType<string>()))
            {
                invocation.Output.WriteLine($"note: {note}");
            }

            invocation.Output.WriteLine(
                $"{loaded.Settings.File}: no errors, {Quantity.Of(warnings.Count, "warning")}, {Quantity.Of(images.Count, "image")}"
                + (images.Count == 0 ? "" : $" ({string.Join(", ", images.Select(image => image.Name))})"));
            foreach (var image in images.Where(image => image.Patterns.Count > 0))
            {
                invocation.Output.WriteLine($"{image.Name}: also for {string.Join(", ", image.Patterns)}");
            }

            return ExitCodes.Success;
        }));
        return command;
    }

    /// <summary>Images whose scripts the runner would write in a way that their shell may not read, by what config.toml says where it can be read.</summary>
    private static IEnumerable<string> TroubleWithShells(Invocation invocation, Settings settings)
    {
        var host = RunnerHost.FromEnvironment(invocation.Variables);
        var files = new RunnerFiles(host, new ToolEnvironment(invocation.Variables));
        var shells = settings.Images.Where(image => image.Shell == GuestShell.Sh).Select(image => ImageLook.ShellOf(image, settings.StateDir)).ToList();
        List<RunnerEntry?> runners = [.. shells.Count > 0 ? RunnerConfig.Read(files, named: null, GitLabRunner.Find(host)).Ours : []];
        if (runners.Count == 0)
        {
            runners.Add(null);
        }

        return shells.Select(shell => runners.Select(runner => RunnerRules.ShellTrouble(runner, shell)).FirstOrDefault(trouble => trouble is not null)).OfType<string>()
            .Select(trouble => $"{trouble}. Set {RunnerQuoting.PosixFlag} = true in [runners.feature_flags] of config.toml");
    }
}
