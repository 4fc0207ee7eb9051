using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Health;
using VmExecutor.Host.Files;
using VmExecutor.Host.Health;
using VmExecutor.Host.Libvirt;

namespace VmExecutor.Health;

/// <summary>Looks at what emulated TPMs need of the host, where an image has one.</summary>
internal sealed class TpmLook(ConfigLook config, LibvirtLook libvirt, ImageLook images, TpmFiles files)
{
    public IReadOnlyList<HealthCheck> All => [new(Checks.Tpm, LookAsync)];

    private async Task<IReadOnlyList<Finding>> LookAsync(CancellationToken cancellationToken)
    {
        var having = new List<string>();
        foreach (var image in libvirt.IsRemote ? [] : config.Images)
        {
            if (await HasTpmAsync(image, cancellationToken))
            {
                having.Add(image.Name.Value);
            }
        }

        return having.Count == 0 ? [] : TpmRules.Decide(
            having, files.MissingPrograms(), LibvirtUri.IsOfUser(libvirt.Hypervisor.Uri) ? null : await files.LookAsync(cancellationToken), HostDaemon.Find());
    }

    private async Task<bool> HasTpmAsync(ImageDefinition image, CancellationToken cancellationToken)
    {
        try
        {
            return await images.DefinitionAsync(image, cancellationToken) is { } definition && TpmRules.HasEmulatedTpm(definition);
        }
        catch (Exception e) when (e is DriverException || HostFileException.Explains(e))
        {
            // The check of the images says what is wrong with it.
            return false;
        }
    }
}
