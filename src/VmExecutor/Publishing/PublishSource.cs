using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Images;
using VmExecutor.Core.Jobs;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Disks;
using VmExecutor.Host.Hypervisor;

namespace VmExecutor.Publishing;

/// <summary>What an image is published from: an existing domain or file, or what was downloaded or built just now.</summary>
internal sealed class PublishSource(IHypervisor hypervisor, CloneSource source, QemuImg qemuImg)
{
    /// <summary>Which word is written in the record, and what was meant.</summary>
    public static (string Kind, string Name) Describe(ImageSource source) => source switch
    {
        ImageSource.Domain domain => ("domain", domain.Name),
        ImageSource.DiskFile file => ("file", file.Path.Value),
        ImageSource.Download download => ("url", download.Address.ToString()),
        ImageSource.Build build => ("build", build.Recipe.Value),
        _ => throw new InvalidOperationException($"no such source: {source}"),
    };

    /// <summary>The domain's name when it runs, so that its disks change all the time; null: there is nothing of the kind.</summary>
    public async Task<string?> FindRunningAsync(ImageDefinition image, CancellationToken cancellationToken) =>
        image.Source is ImageSource.Domain domain
        && await hypervisor.FindStatusAsync(domain.Name, cancellationToken) is { IsAlive: true }
            ? domain.Name
            : null;

    /// <summary>The source as domain XML, shut off.</summary>
    public Task<XElement> ReadAsync(ImageDefinition image, JobLog log, CancellationToken cancellationToken) =>
        source.ReadAsync(image, log.Say, cancellationToken);

    /// <summary>Changes when a source's hardware or the content of its disks does, as far as their files' inodes tell.</summary>
    public async Task<string> FingerprintAsync(XElement source, CancellationToken cancellationToken)
    {
        var text = new StringBuilder(source.ToString());
        foreach (var (role, path, format) in FrozenDomain.FilesOf(source))
        {
            // A disk counts with all that it stands on.
            IReadOnlyList<BaseFingerprint> state = FrozenDomain.IsDisk(role)
                ? BaseFingerprints.Of([await qemuImg.InspectAsync(path, format, cancellationToken)])
                : BaseFingerprints.Of(path) is { } single ? [single] : [];
            text.Append('\n').Append(role).AppendJoin(' ', state);
        }

        return Hash(text.ToString());
    }

    /// <summary>Nobody may have started the domain, or written to its disks, while they were copied.</summary>
    /// <exception cref="SystemFailureException">Somebody has.</exception>
    public async Task EnsureUnchangedAsync(ImageDefinition image, XElement before, string fingerprint, CancellationToken cancellationToken)
    {
        if (await FindRunningAsync(image, cancellationToken) is not null || await FingerprintAsync(before, cancellationToken) != fingerprint)
        {
            var (kind, name) = Describe(image.Source);
            throw new SystemFailureException(
                ErrorCodes.SourceChangedMeanwhile,
                $"the {kind} '{name}' of image '{image.Name}' was started or changed while it was copied; the copy was thrown away",
                "Leave it alone until publishing is over, then publish again.");
        }
    }

    internal static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..32];
}
