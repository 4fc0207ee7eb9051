using System.CommandLine;
using VmExecutor.Core.Configuration;
using VmExecutor.Host.Images;
using VmExecutor.Warming;

namespace VmExecutor.Commands;

/// <summary><c>vm-executor image warm</c>.</summary>
internal static class WarmCommand
{
    public static Command Create(Invocation invocation, Option<string?> config)
    {
        var image = new Argument<string?>("image") { Description = "The image whose templates to make.", Arity = ArgumentArity.ZeroOrOne };
        var all = new Option<bool>("--all") { Description = "Every image whose clones start warm (warm.enabled)." };
        var ifNeeded = new Option<bool>("--if-needed") { Description = "Only templates that are missing or cannot be used any more; for a timer." };
        var command = new Command(
            "warm",
            "Boot a clone of an image's current generation and freeze it, so that jobs wake up already booted. Example: vm-executor image warm debian-12")
        {
            image, all, ifNeeded,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(all) == result.GetValue(image) is not null)
            {
                result.AddError("Give either an image or --all.");
            }
        });
        command.SetAction((parsed, _) => invocation.GuardAdminAsync(async token =>
        {
            var path = parsed.GetValue(config);
            var settings = invocation.Load(path).Settings;
            var images = EachImage.Choose(settings.Images, parsed.GetValue(image));
            if (parsed.GetValue(all))
            {
                images = [.. images.Where(one => one.Warm.Enabled)];
                if (images.Count == 0)
                {
                    invocation.Output.WriteLine("no image has 'warm: {enabled: true}', so there are no templates to make");
                    return ExitCodes.Success;
                }

                if (parsed.GetValue(ifNeeded))
                {
                    images = Published(images, new Catalogue(settings.StateDir), invocation);
                    if (images.Count == 0)
                    {
                        return ExitCodes.Success;
                    }
                }
            }

            images.ToList().ForEach(TemplateMaking.EnsureEnabled);
            return await invocation.ShowAsync("making templates", () => EachImage.DoAsync(
                invocation, images, "have their templates", one => new ImageTasks(invocation, path).WarmAsync(one, parsed.GetValue(ifNeeded), token)));
        }));
        return command;
    }

    /// <summary>
    /// Leaves out images that were not published yet, with a line for each: publishing makes their templates. A timer's unit would fail for them
    /// from the moment in which an administrator writes a new image's file.
    /// </summary>
    private static IReadOnlyList<ImageDefinition> Published(IReadOnlyList<ImageDefinition> images, Catalogue catalogue, Invocation invocation)
    {
        var published = images.ToLookup(one => catalogue.CurrentNumber(one.Name) is not null);
        foreach (var image in published[false])
        {
            invocation.Output.WriteLine($"image '{image.Name}' was not published yet, so it needs no template: vm-executor image publish {image.Name} --warm");
        }

        return [.. published[true]];
    }
}
