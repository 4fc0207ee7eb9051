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
    public static IEnumerable<CompletionItem> Of(Invocation invocation, CompletionContext context, Option<string?> config, Option<string?> connect) => Quick.Offer(async token =>
    {
        var uri = LinkTasks.Uri(invocation, context.ParseResult.GetValue(config), context.ParseResult.GetValue(connect));
        using var hypervisor = new LibvirtHypervisor(uri, new LibvirtSettings().CallTimeout, invocation.Time);
        return await new LinkSurvey(hypervisor).NamesAsync(token);
    });
}
