using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Health;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Files;
using VmExecutor.Host.Health;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Images;
using VmExecutor.Host.Libvirt;

namespace VmExecutor.Health;

/// <summary>The findings of <c>check</c> beyond the YAML: files that are missing or wrong, generations, source domains.</summary>
internal sealed class CatalogueCheck(Settings settings, string uri, TimeProvider time)
{
    /// <summary>The time limit for libvirt: a person waits, and libvirt need not run for a configuration to be right.</summary>
    private static readonly TimeSpan LibvirtLimit = TimeSpan.FromSeconds(5);

    private readonly List<string> _notes = [];

    /// <summary>
    /// Facts that are worth knowing and are no mistakes, a sentence each; there are some only after <see cref="WarningsAsync"/>.
    /// </summary>
    public IReadOnlyList<string> Notes => _notes;

    /// <summary>A sentence each. They are no errors: the files may be readable for the runner's user and not for the user who checks, and a domain may come later.</summary>
    public async Task<IReadOnlyList<string>> WarningsAsync(CancellationToken cancellationToken)
    {
        var domains = await OfDomainsAsync(cancellationToken);
        return
        [
            .. OfStateDir(),
            .. settings.Images.SelectMany(OfFiles),
            .. domains,
            .. settings.Images.SelectMany(image => OfGenerations(image, new Catalogue(settings.StateDir))),
        ];
    }

    /// <summary>Overlays of jobs lie there. A tmpfs may be meant, and doctor speaks of it; /dev, /proc and what is read-only never are.</summary>
    private IEnumerable<string> OfStateDir()
    {
        var existing = FileSystemLook.Existing(settings.StateDir);
        return StorageRules.DecideFileSystem(existing, Mounts.Of(existing), reflinks: null) is { Status: CheckStatus.Problem } problem ? [$"{settings.File}: state_dir: {problem.Found}"] : [];
    }

    private static IEnumerable<string> OfFiles(ImageDefinition image)
    {
        foreach (var problem in ImageFiles.Problems(image))
        {
            yield return $"{image.File}: {problem}";
        }

        if (image.Ssh.Key is { } key && FileContents.OfKey(key) is { } trouble)
        {
            yield return $"{image.File}: ssh.key {key} {trouble.What}: {trouble.Fix}";
        }

        if (SourceDomains.OfDisk(image) is { } disk)
        {
            yield return $"{image.File}: {disk.What}: {disk.Fix}";
        }
    }

    private async Task<IReadOnlyList<string>> OfDomainsAsync(CancellationToken cancellationToken)
    {
        var images = settings.Images.Where(image => image.Source is ImageSource.Domain).ToList();
        if (images.Count == 0)
        {
            return [];
        }

        if (LibvirtUri.IsRemote(uri))
        {
            _notes.Add($"source domains were not looked at: {uri} is another machine's libvirt");
            return [];
        }

        using var hypervisor = new LibvirtHypervisor(uri, LibvirtLimit, time);
        var domains = new SourceDomains(hypervisor);
        List<string> found = [];
        try
        {
            foreach (var image in images)
            {
                var name = ((ImageSource.Domain)image.Source).Name;
                var (troubles, leftOut) = await domains.OfDomainAsync(name, image.AllowParts, cancellationToken);
                found.AddRange(troubles.Select(trouble => $"{image.File}: {trouble.What}: {trouble.Fix}"));
                if (leftOut.Count > 0)
                {
                    _notes.Add($"{image.File}: jobs' clones of '{name}' are without: {string.Join("; ", leftOut)}");
                }
            }
        }
        catch (HypervisorException e)
        {
            _notes.Add($"source domains were not looked at: {e.Message}");
        }

        return found;
    }

    /// <summary>The warnings that jobs of the image would get, or their failure.</summary>
    private static IReadOnlyList<string> OfGenerations(ImageDefinition image, Catalogue catalogue)
    {
        try
        {
            return ChosenGeneration.For(image, catalogue).Warnings;
        }
        catch (SystemFailureException e)
        {
            return [$"{e.Message}. {e.Hint}"];
        }
    }
}
