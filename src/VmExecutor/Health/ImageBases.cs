using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Health;
using VmExecutor.Core.Images;
using VmExecutor.Core.Values;
using VmExecutor.Host.Disks;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Images;

namespace VmExecutor.Health;

/// <summary>All files that clones of the images stand on: whole backing chains; of kernels the directory, since libvirt gives those to QEMU's user itself.</summary>
internal sealed class ImageBases(SettingsLook settings, LibvirtLook libvirt, QemuImg qemuImg)
{
    /// <returns>Each path with the images that want it, and what is wrong with disks that cannot be looked into.</returns>
    public async Task<(IReadOnlyDictionary<AbsolutePath, List<string>> Paths, List<Finding> Findings)> FindAsync(CancellationToken cancellationToken)
    {
        var paths = new Dictionary<AbsolutePath, List<string>>();
        var findings = new List<Finding>();
        foreach (var image in settings.Images)
        {
            if (await TryFilesAsync(image, cancellationToken) is not { } files)
            {
                continue;
            }

            try
            {
                foreach (var path in await StandingOnAsync(files, cancellationToken))
                {
                    paths.TryAdd(path, []);
                    paths[path].Add(image.Name.Value);
                }
            }
            catch (DriverException e)
            {
                findings.Add(Checks.BaseFiles.Problem($"image {image.Name}: {e.Message} ({e.Code})", e.Hint));
            }
        }

        return (paths, findings);
    }

    private async Task<IReadOnlyList<AbsolutePath>> StandingOnAsync(IReadOnlyList<(bool IsDisk, AbsolutePath Path, string? Format)> files, CancellationToken cancellationToken)
    {
        var found = new List<AbsolutePath>();
        foreach (var (isDisk, path, format) in files)
        {
            found.AddRange(isDisk ? (await qemuImg.InspectAsync(path, format, cancellationToken)).Files.Select(file => file.Path) : [path.Parent()]);
        }

        return [.. found.Distinct()];
    }

    /// <summary>Null: they are not known, which the check of the images or of libvirt says.</summary>
    private async Task<IReadOnlyList<(bool IsDisk, AbsolutePath Path, string? Format)>?> TryFilesAsync(ImageDefinition image, CancellationToken cancellationToken)
    {
        try
        {
            return await FilesAsync(image, cancellationToken);
        }
        catch (DriverException)
        {
            return null;
        }
    }

    private async Task<IReadOnlyList<(bool IsDisk, AbsolutePath Path, string? Format)>> FilesAsync(ImageDefinition image, CancellationToken cancellationToken)
    {
        if (ChosenGeneration.For(image, new Catalogue(settings.Settings!.StateDir)).Generation is { } generation)
        {
            return [.. generation.Record.Files.Select(file => (file.Format is not null, generation.PathOf(file), file.Format))];
        }

        switch (image.Source)
        {
            case ImageSource.DiskFile file:
                AbsolutePath?[] boot = [file.Kernel?.Kernel, file.Kernel?.Initrd];
                return [(true, file.Path, file.Format?.ToString().ToLowerInvariant()), .. boot.OfType<AbsolutePath>().Select(path => (false, path, (string?)null))];
            case ImageSource.Domain domain when await libvirt.TryAskAsync(cancellationToken) is not null
                && await new SourceDefinitions(libvirt.Hypervisor).FindAsync(domain.Name, cancellationToken) is { } source:
                return [.. FrozenDomain.FilesOf(source.Xml).Select(file => (FrozenDomain.IsDisk(file.Role), file.Path, file.Format))];
            default:
                return [];
        }
    }
}
