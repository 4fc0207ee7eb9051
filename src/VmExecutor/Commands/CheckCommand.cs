using System.CommandLine;
using VmExecutor.Health;

namespace VmExecutor.Commands;

/// <summary><c>vm-executor check</c>: says everything that is wrong with the configuration at once.</summary>
internal static class CheckCommand
{
    public static Command Create(Composition composition, Option<string?> config)
    {
        var command = new Command(
            "check",
            "Check the configuration: every error with file, line and column, and what files and source domains show. Example: vm-executor check --config ./vm-executor.yaml");
        command.SetAction((parsed, _) => composition.GuardAdminAsync(async token =>
        {
            var loaded = composition.Load(parsed.GetValue(config));
            var images = loaded.Settings.Images;
            var catalogue = new CatalogueCheck(loaded.Settings, composition.UriOf(loaded.Settings), composition.Time);
            var warnings = loaded.Warnings.Select(warning => warning.ToString()).Concat(await catalogue.WarningsAsync(token)).ToList();
            foreach (var warning in warnings)
            {
                composition.Output.WriteLine($"warning: {warning}");
            }

            foreach (var note in catalogue.Notes)
            {
                composition.Output.WriteLine($"note: {note}");
            }

            composition.Output.WriteLine(
                $"{loaded.Settings.File}: no errors, {warnings.Count} warning{(warnings.Count == 1 ? "" : "s")}, {images.Count} image{(images.Count == 1 ? "" : "s")}"
                + (images.Count == 0 ? "" : $" ({string.Join(", ", images.Select(image => image.Name))})"));
            foreach (var image in images.Where(image => image.Patterns.Count > 0))
            {
                composition.Output.WriteLine($"{image.Name}: also for {string.Join(", ", image.Patterns)}");
            }

            return ExitCodes.Success;
        }));
        return command;
    }
}
