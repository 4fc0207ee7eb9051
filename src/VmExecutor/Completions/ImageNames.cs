using System.CommandLine;
using System.CommandLine.Completions;

namespace VmExecutor.Completions;

/// <summary>The images of the configuration, for every argument that is called <c>image</c>.</summary>
internal static class ImageNames
{
    private const string Argument = "image";

    public static void OfferIn(Command command, Invocation invocation, Option<string?> config)
    {
        foreach (var argument in command.Arguments.Where(argument => argument.Name == Argument))
        {
            // Else the help would ask, too, and print an image's name where the argument's belongs.
            argument.HelpName = argument.Name;
            argument.CompletionSources.Add(context => Of(invocation, context, config));
        }

        foreach (var subcommand in command.Subcommands)
        {
            OfferIn(subcommand, invocation, config);
        }
    }

    private static IEnumerable<CompletionItem> Of(Invocation invocation, CompletionContext context, Option<string?> config) =>
        Quick.Offer(() => invocation.Load(context.ParseResult.GetValue(config)).Settings.Images.Select(image => image.Name.Value));
}
