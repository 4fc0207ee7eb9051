using System.CommandLine;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;
using VmExecutor.Observing;
using VmExecutor.Reports;

namespace VmExecutor.Commands;

/// <summary><c>vm-executor image …</c>: the catalogue of published images.</summary>
internal static class ImageCommand
{
    public static Command Create(Invocation invocation, Option<string?> config) => new("image", "Publish images and look after their generations. Example: vm-executor image list")
    {
        PublishCommand.Create(invocation, config),
        WarmCommand.Create(invocation, config),
        List(invocation, config),
        Show(invocation, config),
        ExplainCommand.Create(invocation, config),
        Rollback(invocation, config),
        PushCommand.Create(invocation, config),
        Prune(invocation, config),
        Remove(invocation, config),
    };

    /// <exception cref="SystemFailureException">It is not an image name.</exception>
    public static ImageName Name(string text) => ImageName.TryParse(text, out var name)
        ? name
        : throw new SystemFailureException(
            ErrorCodes.UsageWrong, $"'{PlainText.OneLine(text, 100)}' is not an image name", $"An image name is {ImageName.Rule}; see 'vm-executor image list'.");

    private static Command List(Invocation invocation, Option<string?> config)
    {
        var json = new Option<bool>("--json") { Description = "Print one JSON document." };
        var command = new Command("list", "List the images: patterns, current generation, age, size, clones now, templates, boot time. Example: vm-executor image list") { json };
        command.SetAction((parsed, _) => invocation.GuardAdminAsync(async token =>
        {
            var images = await new ImageTasks(invocation, parsed.GetValue(config)).DescribeAsync(token);
            if (parsed.GetValue(json))
            {
                invocation.Output.WriteLine(ImageJson.Write(images));
            }
            else
            {
                ImageReport.PrintList(images, invocation.Time.GetUtcNow(), invocation.Output);
            }

            return ExitCodes.Success;
        }));
        return command;
    }

    private static Command Show(Invocation invocation, Option<string?> config)
    {
        var image = Image();
        var json = new Option<bool>("--json") { Description = "Print one JSON document." };
        var command = new Command("show", "Show an image with all its generations and templates, and how its VMs came up. Example: vm-executor image show debian-12") { image, json };
        command.SetAction((parsed, _) => invocation.GuardAdminAsync(async token =>
        {
            var name = Name(parsed.GetRequiredValue(image));
            var all = await new ImageTasks(invocation, parsed.GetValue(config)).DescribeAsync(token);
            var one = all.FirstOrDefault(listed => listed.Name == name) ?? throw Unknown(name, all.Select(listed => listed.Name));
            if (parsed.GetValue(json))
            {
                invocation.Output.WriteLine(ImageJson.Write([one]));
            }
            else
            {
                ImageReport.PrintOne(one, invocation.Time.GetUtcNow(), invocation.Output);
            }

            return ExitCodes.Success;
        }));
        return command;
    }

    private static Command Rollback(Invocation invocation, Option<string?> config)
    {
        var image = Image();
        var to = new Option<int?>("--to") { Description = "Which generation; else the newest whole one before the current.", HelpName = "GENERATION" };
        var command = new Command(
            "rollback", "Give jobs an earlier generation from now on; those in flight keep theirs. Example: vm-executor image rollback debian-12")
        {
            image, to,
        };
        command.SetAction(parsed => invocation.GuardAdmin(() =>
        {
            var name = Name(parsed.GetRequiredValue(image));
            var current = new ImageTasks(invocation, parsed.GetValue(config)).WithKeeper(keeper => keeper.Rollback(name, parsed.GetValue(to)));
            invocation.Output.WriteLine(
                $"image '{name}': jobs get generation {current.Number} now, published {current.Record.Published.ToLocalTime():yyyy-MM-dd HH:mm}");
            return ExitCodes.Success;
        }));
        return command;
    }

    private static Command Prune(Invocation invocation, Option<string?> config)
    {
        var image = new Argument<string?>("image") { Description = "Which image; else all.", Arity = ArgumentArity.ZeroOrOne };
        var keep = new Option<int?>("--keep") { Description = "How many generations to leave; else what publish.keep says.", HelpName = "N" };
        keep.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int?>() is < 1)
            {
                result.AddError("--keep takes a number from 1.");
            }
        });
        var command = new Command(
            "prune", "Remove old generations; never the current one, nor one that jobs use. Example: vm-executor image prune --keep 2")
        {
            image, keep,
        };
        command.SetAction(parsed => invocation.GuardAdmin(() =>
        {
            var images = new ImageTasks(invocation, parsed.GetValue(config)).List();
            var wanted = parsed.GetValue(image) is { } text ? Name(text) : null;
            var chosen = images.Where(listed => wanted is null || listed.Name == wanted).ToList();
            if (wanted is not null && chosen.Count == 0)
            {
                throw Unknown(wanted, images.Select(listed => listed.Name));
            }

            var failed = false;
            foreach (var listed in chosen)
            {
                var count = parsed.GetValue(keep) ?? (listed.Definition?.Publish ?? new()).Keep;
                try
                {
                    var (removed, kept) = new ImageTasks(invocation, parsed.GetValue(config)).WithKeeper(keeper => keeper.Prune(listed.Name, count));
                    Say(invocation, listed.Name, removed, kept);
                }
                catch (DriverException e) when (chosen.Count > 1)
                {
                    new JobLog(invocation.Error).Fail(e);
                    failed = true;
                }
            }

            return failed ? ExitCodes.Problem : ExitCodes.Success;
        }));
        return command;
    }

    private static Command Remove(Invocation invocation, Option<string?> config)
    {
        var image = Image();
        var generation = new Argument<int?>("generation") { Description = "Which generation; else all of them.", Arity = ArgumentArity.ZeroOrOne };
        var command = new Command(
            "remove",
            "Remove one generation, or everything that was published of an image; its YAML and its source stay. Example: vm-executor image remove debian-12 3")
        {
            image, generation,
        };
        command.SetAction(parsed => invocation.GuardAdmin(() =>
        {
            var name = Name(parsed.GetRequiredValue(image));
            var removed = new ImageTasks(invocation, parsed.GetValue(config)).WithKeeper(keeper => keeper.Remove(name, parsed.GetValue(generation)));
            Say(invocation, name, removed, []);
            return ExitCodes.Success;
        }));
        return command;
    }

    internal static void Say(Invocation invocation, ImageName image, IReadOnlyList<int> removed, IReadOnlyList<string> kept)
    {
        invocation.Output.WriteLine(removed.Count == 0
            ? $"image '{image}': nothing to remove"
            : $"image '{image}': removed {Quantity.Named("generation", removed)}");
        foreach (var reason in kept)
        {
            invocation.Output.WriteLine($"kept: {reason}");
        }
    }

    internal static SystemFailureException Unknown(ImageName name, IEnumerable<ImageName> known) => new(
        ErrorCodes.UsageWrong,
        $"there is no image '{name}'; there are: {string.Join(", ", known)}",
        "See 'vm-executor image list'. An image is a file in images_dir.");

    private static Argument<string> Image() => new("image") { Description = "The image's name." };
}
