using VmExecutor.Core.Clones;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Health;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using VmExecutor.Host.Images;
using VmExecutor.Host.Processes;

namespace VmExecutor.Health;

/// <summary>How much memory a VM of each image takes, as a job's prepare would decide it.</summary>
internal sealed class ImageSizes(SettingsLook settings, LibvirtLook libvirt)
{
    public async Task<IReadOnlyList<ImageMemory>> FindAsync(CancellationToken cancellationToken)
    {
        var found = new List<ImageMemory>();
        foreach (var image in settings.Images)
        {
            found.Add(new ImageMemory(image.Name, await MemoryAsync(image, cancellationToken), image.Sizes.MaxMemory?.Bytes, image.File));
        }

        return found;
    }

    private async Task<long?> MemoryAsync(ImageDefinition image, CancellationToken cancellationToken) => image.Memory switch
    {
        { Said: { } said } => said.Bytes,
        { Said: null } => Share(),
        null => await OfSourceAsync(image, cancellationToken),
    };

    private long? Share()
    {
        var host = HostSize.Read();
        return HostShare.Of(host.Cpus, host.Memory, settings.Settings!.Limits)?.Memory.Bytes;
    }

    private async Task<long?> OfSourceAsync(ImageDefinition image, CancellationToken cancellationToken)
    {
        try
        {
            var xml = ChosenGeneration.For(image, new Catalogue(settings.Settings!.StateDir)).Generation is { } generation
                ? await HostFile.ReadAllTextAsync(generation.Domain.Value, cancellationToken)
                : image.Source is ImageSource.Domain domain && await libvirt.TryAskAsync(cancellationToken) is not null
                    ? await libvirt.Hypervisor.FindXmlAsync(domain.Name, inactive: true, cancellationToken)
                    : null;
            return xml is not null ? MachineSize.Of(XmlText.Parse(xml), default).Memory.Bytes
                : image.Source is ImageSource.Domain ? null
                : BuiltInMachine.DefaultMemory.Bytes;
        }
        catch (Exception e) when (e is DriverException || HostFileException.Explains(e))
        {
            // What is wrong with the image is another check's to say.
            return null;
        }
    }
}
