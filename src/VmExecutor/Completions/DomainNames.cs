using System.CommandLine;
using System.CommandLine.Completions;
using VmExecutor.Core.Configuration;
using VmExecutor.Host.Libvirt;
using VmExecutor.Host.Linking;
using VmExecutor.Linking;

namespace VmExecutor.Completions;

/// <summary>The domains of the libvirt that the rest of the command line means.</summary>
internal static class DomainNames
{
    public static IEnumerable<CompletionItem> Of(Composition composition, CompletionContext context, Option<string?> config, Option<string?> connect) => Quick.Offer(async token =>
    {
        var uri = LinkComposition.Uri(composition, context.ParseResult.GetValue(config), context.ParseResult.GetValue(connect));
        using var hypervisor = new LibvirtHypervisor(uri, new LibvirtSettings().CallTimeout, composition.Time);
        return await new LinkSurvey(hypervisor).NamesAsync(token);
    });
}
