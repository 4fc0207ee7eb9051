using System.CommandLine;

namespace VmExecutor.Commands;

/// <summary><c>vm-executor check</c>: says everything that is wrong with the configuration at once.</summary>
internal static class CheckCommand
{
    public static Command Create(Composition composition, Option<string?> config)
    {
        var command = new Command("check", "Check the configuration: every error with file, line and column. Example: vm-executor check --config ./vm-executor.yaml");
        command.SetAction(parsed => composition.GuardAdmin(() =>
        {
            var loaded = composition.Load(parsed.GetValue(config));
            foreach (var warning in loaded.Warnings)
            {
                composition.Output.WriteLine($"warning: {warning}");
            }

            var images = loaded.Settings.Images;
            composition.Output.WriteLine(
                $"{loaded.Settings.File}: no errors, {loaded.Warnings.Count} warning{(loaded.Warnings.Count == 1 ? "" : "s")}, {images.Count} image{(images.Count == 1 ? "" : "s")}"
                + (images.Count == 0 ? "" : $" ({string.Join(", ", images.Select(image => image.Name))})"));
            return ExitCodes.Success;
        }));
        return command;
    }
}
