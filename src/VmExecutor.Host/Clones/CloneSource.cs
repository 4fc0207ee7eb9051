using System.Xml.Linq;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Clones.Parts;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Images;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Processes;

namespace VmExecutor.Host.Clones;

/// <summary>Reads the source of a clone's hardware: an existing domain, shut off, or the built-in machine.</summary>
public sealed class CloneSource(IHypervisor hypervisor, DomainStopper stopper)
{
    /// <summary>
    /// Reads the XML that a clone is derived from: the generation's, or the source's where the image was never published.
    /// </summary>
    /// <exception cref="SystemFailureException">As <see cref="ReadAsync(ImageDefinition, Action{string}, CancellationToken)"/>; or the generation is damaged.</exception>
    public Task<XElement> ReadAsync(ClonePlan plan, Action<string> tell, CancellationToken cancellationToken) =>
        ReadAsync(plan, mayShutDown: true, tell, cancellationToken);

    /// <summary>The same without any change: a source that runs and would be shut down is reported, and goes on running.</summary>
    /// <inheritdoc cref="ReadAsync(ClonePlan, Action{string}, CancellationToken)" path="/exception"/>
    public Task<XElement> LookAsync(ClonePlan plan, Action<string> tell, CancellationToken cancellationToken) =>
        ReadAsync(plan, mayShutDown: false, tell, cancellationToken);

    private async Task<XElement> ReadAsync(ClonePlan plan, bool mayShutDown, Action<string> tell, CancellationToken cancellationToken)
    {
        if (plan.Generation is not { } generation)
        {
            return await ReadAsync(plan.Image, mayShutDown, tell, cancellationToken).ConfigureAwait(false);
        }

        try
        {
            return Clonable(plan.Image, FrozenDomain.Thaw(DomainText.Parse(await HostFile.ReadAllTextAsync(generation.Domain.Value, cancellationToken).ConfigureAwait(false)), generation));
        }
        catch (Exception e) when (e is UnreadableXmlException || HostFileException.Explains(e))
        {
            throw new SystemFailureException(
                ErrorCodes.GenerationDamaged,
                $"generation {generation.Number} of image '{plan.Image.Name}' cannot be used: {generation.Domain}: {HostFileException.ReasonOf(e)}",
                $"As the runner's user: vm-executor image publish {plan.Image.Name}",
                e);
        }
    }

    /// <summary>The source as inactive domain XML. It is read, never changed.</summary>
    /// <param name="image">The image to clone.</param>
    /// <param name="tell">Told when a wait begins that people should know of.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="SystemFailureException">There is no such domain, it runs and may not or would not shut down, it is of an architecture that is not known, or it has parts that are refused.</exception>
    public Task<XElement> ReadAsync(ImageDefinition image, Action<string> tell, CancellationToken cancellationToken) =>
        ReadAsync(image, mayShutDown: true, tell, cancellationToken);

    private async Task<XElement> ReadAsync(ImageDefinition image, bool mayShutDown, Action<string> tell, CancellationToken cancellationToken)
    {
        switch (image.Source)
        {
            case ImageSource.DiskFile file:
                return Describe(image, file);
            case ImageSource.Domain domain:
                await EnsureShutOffAsync(image, domain, mayShutDown, tell, cancellationToken).ConfigureAwait(false);
                var source = await new SourceDefinitions(hypervisor).FindAsync(domain.Name, cancellationToken).ConfigureAwait(false);
                return Clonable(image, (source ?? throw Missing(image, domain)).Xml);
            default:
                throw new InvalidOperationException($"no such source: {image.Source}");
        }
    }

    private static XElement Describe(ImageDefinition image, ImageSource.DiskFile file)
    {
        GuestArchitecture.EnsureKnown(HostArchitecture.Name, $"the source of image '{image.Name}'");
        return BuiltInMachine.Describe(image, file, HostArchitecture.Name);
    }

    /// <summary>Reports all refused parts at once, before anything is made of the source and before a disk of it is looked at.</summary>
    private static XElement Clonable(ImageDefinition image, XElement source)
    {
        GuestArchitecture.EnsureKnown(source, $"image '{image.Name}'");
        DomainReview.Demand(source, ClonePurpose.Job, image.AllowParts);
        return source;
    }

    private async Task EnsureShutOffAsync(
        ImageDefinition image, ImageSource.Domain domain, bool mayShutDown, Action<string> tell, CancellationToken cancellationToken)
    {
        var status = await hypervisor.FindStatusAsync(domain.Name, cancellationToken).ConfigureAwait(false) ?? throw Missing(image, domain);
        if (status.State is DomainState.ShutOff or DomainState.Crashed)
        {
            return;
        }

        var state = status.State.ToString().ToLowerInvariant();
        if (!domain.AllowShutdown)
        {
            throw new SystemFailureException(
                ErrorCodes.SourceNotShutOff,
                $"the source domain '{domain.Name}' of image '{image.Name}' is {state}; clones of a disk that is being written to would be broken",
                $"Shut it down (virsh -c {hypervisor.Uri} shutdown {domain.Name}), or set 'allow_shutdown: true' in {image.File}.");
        }

        var limit = image.Timeouts.SourceShutdown;
        if (!mayShutDown)
        {
            tell($"source domain '{domain.Name}' is {state}: it would be asked to shut down (up to {DurationText.Format(limit)})");
            return;
        }

        tell($"source domain '{domain.Name}' is {state}: asking it to shut down (up to {DurationText.Format(limit)})");
        if (!await stopper.ShutDownAsync(domain.Name, limit, cancellationToken).ConfigureAwait(false))
        {
            throw new SystemFailureException(
                ErrorCodes.SourceNotShutOff,
                $"the source domain '{domain.Name}' of image '{image.Name}' did not shut down within {DurationText.Format(limit)}; it was not destroyed",
                $"Log in and shut it down, or raise 'timeouts: source_shutdown' in {image.File}.");
        }
    }

    private SystemFailureException Missing(ImageDefinition image, ImageSource.Domain domain) => new(
        ErrorCodes.SourceMissing,
        $"the source domain '{domain.Name}' of image '{image.Name}' does not exist on {hypervisor.Uri}",
        $"See 'virsh -c {hypervisor.Uri} list --all' and correct 'domain' in {image.File}.");
}
