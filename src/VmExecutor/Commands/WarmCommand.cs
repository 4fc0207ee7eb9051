using System.CommandLine;
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
            var images = EachImage.Choose(invocation.Load(path).Settings.Images, parsed.GetValue(image));
            if (parsed.GetValue(all))
            {
                images = [.. images.Where(one => one.Warm.Enabled)];
                if (images.Count == 0)
                {
                    invocation.Output.WriteLine("no image has 'warm: {enabled: true}', so there are no templates to make");
                    return ExitCodes.Success;
                }
            }

            images.ToList().ForEach(TemplateMaking.EnsureEnabled);
            return await EachImage.DoAsync(
                invocation, images, "have their templates", one => new ImageTasks(invocation, path).WarmAsync(one, parsed.GetValue(ifNeeded), token));
        }));
        return command;
    }
}
