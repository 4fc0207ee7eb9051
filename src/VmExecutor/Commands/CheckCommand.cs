using System.CommandLine;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Images;

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
            var images = loaded.Settings.Images;

            // Warnings, since the files may be readable for the runner's user and not for whoever checks.
            var files = images.SelectMany(image => ImageFiles.Problems(image).Select(problem => $"{image.File}: {problem}"));
            var catalogue = new Catalogue(loaded.Settings.StateDir);
            var warnings = loaded.Warnings.Select(warning => warning.ToString())
                .Concat(files)
                .Concat(images.SelectMany(image => TroubleWithGenerations(image, catalogue)))
                .ToList();
            foreach (var warning in warnings)
            {
                composition.Output.WriteLine($"warning: {warning}");
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

    /// <summary>What jobs of the image would be told, or would fail with.</summary>
    private static IReadOnlyList<string> TroubleWithGenerations(ImageDefinition image, Catalogue catalogue)
    {
        try
        {
            return ChosenGeneration.For(image, catalogue).Warnings;
        }
        catch (SystemFailureException e)
        {
            return [$"{e.Message}. {e.Hint}"];
        }
    }
}
