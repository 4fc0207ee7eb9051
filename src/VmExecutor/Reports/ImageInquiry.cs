using VmExecutor.Core.Observing;
using VmExecutor.Host;
using VmExecutor.Host.Files;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Images;
using VmExecutor.Host.Observing;

namespace VmExecutor.Reports;

/// <summary>
/// Gathers the content of <c>image list</c> and <c>image show</c>: the catalogue, the ledger's counts, and the versions by which
/// templates are judged.
/// </summary>
internal sealed class ImageInquiry(Machine machine)
{
    // A list must not hang for the sake of one column.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    public async Task<IReadOnlyList<ListedImage>> AskAsync(CancellationToken cancellationToken)
    {
        var images = new ImageLister(machine.Settings, machine.Catalogue).List();
        var starts = CountStarts();
        var version = images.Any(image => image.CurrentGeneration?.Templates.Count > 0) ? await FindVersionAsync(cancellationToken) : null;
        return [.. images.Select(image => image with { Starts = starts?.GetValueOrDefault(image.Name.Value, StartCounts.None), Hypervisor = version })];
    }

    /// <summary>Null: the ledger cannot be read, which is no reason to tell nothing else.</summary>
    private IReadOnlyDictionary<string, StartCounts>? CountStarts()
    {
        try
        {
            return StartCounts.ByImage(LedgerReader.Read(machine.StateDir));
        }
        catch (HostFileException)
        {
            return null;
        }
    }

    /// <summary>Null: libvirt cannot be reached, or does not answer in time.</summary>
    private async Task<HypervisorVersion?> FindVersionAsync(CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(Patience, machine.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            return await machine.Hypervisor.GetVersionAsync(either.Token);
        }
        catch (HypervisorException)
        {
            return null;
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }
}
