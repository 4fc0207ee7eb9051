using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace VmExecutor.Manual;

/// <summary><c>--help</c>: the command's own prose with its examples at the end, and of the commands below it a sentence each.</summary>
internal sealed class HelpWithExamples(HelpAction inner) : SynchronousCommandLineAction
{
    /// <summary>True: a request for help need not have the required arguments.</summary>
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        var command = parseResult.CommandResult.Command;
        var help = HelpText.Of(command.Description);

        // The process ends with this, so the descriptions are not used any more.
        command.Description = help.Prose;
        foreach (var below in command.Subcommands)
        {
            below.Description = HelpText.Of(below.Description).Name;
        }

        var exitCode = inner.Invoke(parseResult);
        if (help.Examples.Count > 0)
        {
            var output = parseResult.InvocationConfiguration.Output;
            output.WriteLine(help.Examples.Count == 1 ? "Example:" : "Examples:");
            foreach (var example in help.Examples)
            {
                output.WriteLine($"  {example}");
            }
        }

        return exitCode;
    }
}
