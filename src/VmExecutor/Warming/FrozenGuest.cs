using System.Xml.Linq;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Images;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Templates;
using VmExecutor.Core.Values;
using VmExecutor.Host;
using VmExecutor.Host.Files;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Images;
using VmExecutor.Host.Templates;
using VmExecutor.Host.Waiting;
using VmExecutor.Publishing;

namespace VmExecutor.Warming;

/// <summary>Boots a guest whose memory is a file, warms it up, freezes it, and tries a clone of it before any job gets one.</summary>
internal sealed class FrozenGuest(Machine machine)
{
    private readonly OwnClone _clones = new(machine);
    private readonly WarmUp _warmUp = new(machine);

    private static readonly TimeSpan UnplugLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan UnplugPollInterval = TimeSpan.FromMilliseconds(100);

    /// <exception cref="SystemFailureException"><see cref="ErrorCodes.TemplateNotMade"/>, <see cref="ErrorCodes.WarmUpFailed"/>.</exception>
    public async Task<Template> MakeAsync(
        ImageDefinition image, Generation generation, RequestedSizes size, TemplateShape shape, PublishLog log, CancellationToken cancellationToken)
    {
        var directory = await new TemplateMaker(machine.Hypervisor).BeginAsync(generation, machine.Users.Pool, cancellationToken);
        try
        {
            var template = await FreezeAsync(image, generation, size, shape, directory, log, cancellationToken);
            log.Say("the guest is frozen; waking up a clone of it to try it");
            await TryAsync(image, generation, size, template, log, cancellationToken);
            return TemplateMaker.Complete(generation, template);
        }
        catch (DriverException e) when (e.Code != ErrorCodes.WarmUpFailed)
        {
            throw new SystemFailureException(
                ErrorCodes.TemplateNotMade, $"the template of image '{image.Name}' for {shape.Size} was not made: {e.Message}", e.Hint, e);
        }
        finally
        {
            if (HostDirectory.Exists(directory.Value))
            {
                GenerationRemover.Delete(directory);
            }
        }
    }

    private Task<Template> FreezeAsync(
        ImageDefinition image, Generation generation, RequestedSizes size, TemplateShape shape, AbsolutePath directory, PublishLog log, CancellationToken cancellationToken)
    {
        // The hook is for jobs: it wants their variables. On a libvirt network a template has a card only until it is frozen, and for that time
        // one that needs no network of the host.
        var bare = image with { PrepareHook = null, Network = new NetworkSettings() };
        return _clones.UseAsync(
            bare,
            generation,
            log.Job,
            plan => plan with { Job = plan.Job with { Sizes = size }, Memory = new MemoryFile(directory.Child(Template.RamName), IsTemplate: true) },
            async clone =>
            {
                await _warmUp.RunAsync(image, clone.Access, log, cancellationToken);
                var card = image.Network.Mode == NetworkMode.Libvirt ? await UnplugAsync(clone.Plan.Domain, cancellationToken) : null;
                var domain = clone.Plan.Domain.Value;
                var qemu = await new MemoryState(machine.Hypervisor, machine.Time).SaveAsync(domain, directory.Child(Template.StateName), cancellationToken);
                var xml = DomainText.Parse(await machine.Hypervisor.FindXmlAsync(domain, inactive: true, cancellationToken) ?? throw Gone(domain));
                await machine.Stopper.DestroyAsync(domain, cancellationToken);
                var record = new TemplateRecord
                {
                    Shape = shape,
                    Made = machine.Time.GetUtcNow(),
                    Driver = DriverVersion.Text,
                    Files = [],
                    IsMemoryReadOnly = HypervisorFeatures.ReadOnlyMemory.IsIn(qemu),
                    HostKeys = clone.HostKeys,
                    LoginShell = LoginShellWord.Of(clone.Access.LoginShell),
                    BootId = clone.Access.BootId,
                    CardXml = card?.ToString(),
                    LoginKey = image.Ssh.Login == LoginMethod.Baked ? null : HostKey.Parse(await HostFile.ReadAllTextAsync($"{clone.Plan.LoginKey}.pub", cancellationToken)).ToString(),
                };
                var seed = image.Ssh.Login == LoginMethod.CloudInit ? clone.Plan.Paths.Seed : null;
                return TemplateMaker.Seal(directory, record, TemplateDomain.Freeze(xml, seed), [.. Files(image, clone.Plan, directory, xml, seed)]);
            },
            cancellationToken);
    }

    /// <summary>The files of the template, by its XML at the end, which lists everything that a clone is made of.</summary>
    private static IEnumerable<(string Role, AbsolutePath Path, string? Format)> Files(
        ImageDefinition image, ClonePlan plan, AbsolutePath directory, XElement xml, AbsolutePath? seed)
    {
        yield return (TemplateRole.Ram, directory.Child(Template.RamName), null);
        yield return (TemplateRole.State, directory.Child(Template.StateName), null);
        foreach (var disk in SourceDisk.WritableOf(xml))
        {
            yield return (disk.Target, disk.Path, "qcow2");
        }

        if (CloneFirmware.NvramOf(xml) is { } nvram)
        {
            yield return (TemplateRole.Nvram, nvram, null);
        }

        if (seed is not null)
        {
            yield return (TemplateRole.Seed, seed, null);
        }

        if (image.Ssh.Login != LoginMethod.Baked)
        {
            yield return (TemplateRole.Login, plan.LoginKey, null);
        }
    }

    /// <summary>Has the guest give up its network card. The card that is plugged into each clone comes to the same place.</summary>
    private async Task<XElement> UnplugAsync(DomainName domain, CancellationToken cancellationToken)
    {
        var card = await FindCardAsync(domain, cancellationToken) ?? throw new SystemFailureException(
            ErrorCodes.TemplateNotMade, $"{domain} has no network card", "Give the source domain a network card.");
        await machine.Hypervisor.DetachDeviceAsync(domain.Value, card.ToString(), cancellationToken);
        var gone = await new Poll(UnplugLimit, UnplugPollInterval, machine.Time).UntilAsync(
            async token => await FindCardAsync(domain, token) is null, cancellationToken);
        return gone ? card : throw new SystemFailureException(
            ErrorCodes.TemplateNotMade,
            $"the guest of {domain} did not give up its network card within {DurationText.Format(UnplugLimit)}",
            "Its kernel must be able to hot-plug PCI devices (acpiphp, pciehp); machine types q35 and pc can.");
    }

    private async Task<XElement?> FindCardAsync(DomainName domain, CancellationToken cancellationToken) =>
        TemplateDomain.CardOf(DomainText.Parse(await machine.Hypervisor.FindXmlAsync(domain.Value, inactive: true, cancellationToken) ?? throw Gone(domain.Value)));

    private Task<bool> TryAsync(
        ImageDefinition image, Generation generation, RequestedSizes size, Template template, PublishLog log, CancellationToken cancellationToken) => _clones.UseAsync(
        image with { PrepareHook = null },
        generation,
        log.Job,
        plan => plan with { Job = plan.Job with { Sizes = size }, Template = template },
        async clone =>
        {
            await _warmUp.ProveAsync(image, clone.Access, cancellationToken);
            return true;
        },
        cancellationToken);

    private static SystemFailureException Gone(string domain) => new(
        ErrorCodes.TemplateNotMade, $"{domain} ended while it was being frozen", "See QEMU's log and the kernel's: it was ended from outside, or the host had no memory left.");
}
