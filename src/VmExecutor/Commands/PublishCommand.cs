using System.CommandLine;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;

namespace VmExecutor.Commands;

/// <summary><c>vm-executor image publish</c>.</summary>
internal static class PublishCommand
{
    public static Command Create(Composition composition, Option<string?> config)
    {
        var image = new Argument<string?>("image") { Description = "The image to publish.", Arity = ArgumentArity.ZeroOrOne };
        var all = new Option<bool>("--all") { Description = "Every image of the configuration." };
        var ifChanged = new Option<bool>("--if-changed") { Description = "Only images whose source has changed since; for a timer." };
        var command = new Command(
            "publish",
            "Copy an image's source into a new generation, try it in a clone, and give it to jobs from then on. Example: vm-executor image publish debian-12")
        {
            image, all, ifChanged,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(all) == result.GetValue(image) is not null)
            {
                result.AddError("Give either an image or --all.");
            }
        });
        command.SetAction((parsed, _) => composition.GuardAdminAsync(async token =>
        {
            var images = composition.Load(parsed.GetValue(config)).Settings.Images;
            if (parsed.GetValue(image) is { } text)
            {
                var name = ImageCommand.Name(text);
                images = [images.FirstOrDefault(one => one.Name == name) ?? throw ImageCommand.Unknown(name, images.Select(one => one.Name))];
            }

            return await PublishAsync(composition, parsed.GetValue(config), images, parsed.GetValue(ifChanged), token);
        }));
        return command;
    }

    /// <summary>One image's failure does not keep the others from being published.</summary>
    private static async Task<int> PublishAsync(
        Composition composition, string? config, IReadOnlyList<ImageDefinition> images, bool ifChanged, CancellationToken cancellationToken)
    {
        if (images.Count == 1)
        {
            await composition.PublishAsync(config, images[0], ifChanged, cancellationToken);
            return ExitCodes.Success;
        }

        var log = new JobLog(composition.Error);
        var failed = 0;
        foreach (var image in images)
        {
            try
            {
                await composition.PublishAsync(config, image, ifChanged, cancellationToken);
            }
            catch (DriverException e)
            {
                log.Fail(e);
                failed++;
            }
        }

        composition.Output.WriteLine($"{images.Count - failed} of {images.Count} images are up to date");
        return failed == 0 ? ExitCodes.Success : ExitCodes.Problem;
    }
}
