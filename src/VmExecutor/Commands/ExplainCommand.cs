using System.CommandLine;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Clones.Parts;
using VmExecutor.Core.Failures;
using VmExecutor.Explaining;
using VmExecutor.Host.Files;
using VmExecutor.Reports;

namespace VmExecutor.Commands;

/// <summary><c>vm-executor image explain</c>: what becomes of each part of a source, before anything runs.</summary>
internal static class ExplainCommand
{
    private const int LongestDefinition = 4 << 20;
    private const string OfStandardInput = "-";

    public static Command Create(Invocation invocation, Option<string?> config)
    {
        var image = new Argument<string?>("image")
        {
            Description = "The image: what its jobs' clones are made of. With --definition: whose settings count.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var definition = new Option<string?>("--definition") { Description = "A domain's XML instead of the image's own; - reads stdin. Needs no libvirt.", HelpName = "FILE" };
        var source = new Option<bool>("--source") { Description = "The image's source as it is now, though it was published." };
        var clone = new Option<bool>("--clone") { Description = "For a person's clone (vm-executor clone) instead of a job's." };
        var xml = new Option<bool>("--xml") { Description = "Print the definition of a job's clone, with placeholders for what only a job has." };
        var json = new Option<bool>("--json") { Description = "Print one JSON document." };
        var command = new Command(
            "explain",
            "Say of each part of a source what becomes of it in a clone, and why: kept, made its own, left out, refused. Changes nothing. "
            + "Exit code: 0 all is well, 1 there are notes, 2 it cannot be cloned. Example: vm-executor image explain debian-12 "
            + "Example: vm-executor image explain --definition vm.xml --xml")
        {
            image, definition, source, clone, xml, json,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(image) is null && !result.Has(definition))
            {
                result.AddError("Give an image, or --definition FILE.");
            }

            if (result.GetValue(source) && result.Has(definition))
            {
                result.AddError("--source is of an image, and --definition another source.");
            }

            if (result.GetValue(xml) && result.GetValue(json))
            {
                result.AddError("Give either --xml or --json.");
            }

            if (result.GetValue(xml) && result.GetValue(clone))
            {
                result.AddError("--xml is of a job's clone; that of a person's is printed by 'vm-executor clone SOURCE --dry-run'.");
            }
        });
        command.SetAction((parsed, _) => invocation.GuardAdminAsync(async token =>
        {
            var explanation = await new Explainer(invocation, parsed.GetValue(config)).ExplainAsync(
                new ExplainRequest
                {
                    Image = parsed.GetValue(image) is { } name ? ImageCommand.Name(name) : null,
                    Definition = parsed.GetValue(definition) is { } file ? await ReadAsync(file, token) : null,
                    Source = parsed.GetValue(source),
                    Purpose = parsed.GetValue(clone) ? ClonePurpose.Person : ClonePurpose.Job,
                },
                token);
            if (parsed.GetValue(xml))
            {
                invocation.Output.WriteLine(PrintedDefinition.Of(ExampleClone.Derive(explanation.Xml, explanation.Image, explanation.StateDir)).ToString());
                return ExitCodes.Success;
            }

            if (parsed.GetValue(json))
            {
                invocation.Output.WriteLine(ExplainJson.Write(explanation));
            }
            else
            {
                ExplainReport.Print(explanation, invocation.Output);
            }

            return ExitCodes.For(explanation.Status);
        }));
        return command;
    }

    private static async Task<(string From, string Xml)> ReadAsync(string file, CancellationToken cancellationToken)
    {
        var from = file == OfStandardInput ? "standard input" : DriverCommand.Resolve(file).Value;
        try
        {
            if (file == OfStandardInput)
            {
                await using var input = StandardInput.Open();
                return (from, (await BoundedText.ReadWholeAsync(input, LongestDefinition, cancellationToken)).TrimStart('\ufeff'));
            }

            return (from, HostFile.ReadAllText(from, LongestDefinition));
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw new SystemFailureException(
                ErrorCodes.DefinitionUnreadable, $"{from} cannot be read: {e.Message}", "Give what libvirt prints: virsh dumpxml --inactive DOMAIN > FILE.xml", e);
        }
    }
}
