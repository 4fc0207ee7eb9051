using System.CommandLine;
using VmExecutor.Warming;

namespace VmExecutor.Commands;

/// <summary><c>vm-executor image publish</c>.</summary>
internal static class PublishCommand
{
    public static Command Create(Invocation invocation, Option<string?> config)
    {
        var image = new Argument<string?>("image") { Description = "The image to publish.", Arity = ArgumentArity.ZeroOrOne };
        var all = new Option<bool>("--all") { Description = "Every image of the configuration." };
        var ifChanged = new Option<bool>("--if-changed") { Description = "Only images whose source has changed since; for a timer." };
        var warm = new Option<bool>("--warm") { Description = "Then make the templates that are missing, of images whose clones start warm (warm.enabled)." };
        var command = new Command(
            "publish",
            "Copy an image's source into a new generation, try it in a clone, and give it to jobs from then on. Example: vm-executor image publish debian-12")
        {
            image, all, ifChanged, warm,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(all) == result.GetValue(image) is not null)
            {
                result.AddError("Give either an image or --all.");
            }
        });
        command.SetAction((parsed, _) => invocation.GuardAdminAsync(token =>
        {
            var path = parsed.GetValue(config);
            var images = EachImage.Choose(invocation.Load(path).Settings.Images, parsed.GetValue(image));
            if (parsed.GetValue(warm) && !parsed.GetValue(all))
            {
                // Before a disk is copied for nothing.
                images.ToList().ForEach(TemplateMaking.EnsureEnabled);
            }

            var tasks = new ImageTasks(invocation, path);
            return invocation.ShowAsync("publishing", () => EachImage.DoAsync(invocation, images, "are up to date", async one =>
            {
                await tasks.PublishAsync(one, parsed.GetValue(ifChanged), token);
                if (parsed.GetValue(warm) && one.Warm.Enabled)
                {
                    await tasks.WarmAsync(one, ifNeeded: true, token);
                }
            }));
        }));
        return command;
    }
}
