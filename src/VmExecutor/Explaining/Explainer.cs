using System.Runtime.InteropServices;
using System.Xml.Linq;
using VmExecutor.Commands;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Images;
using VmExecutor.Core.Values;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Files;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Images;
using VmExecutor.Host.Libvirt;

namespace VmExecutor.Explaining;

/// <summary>Finds the definition that is meant and reviews it. It only reads, and asks libvirt for nothing but a domain and its volumes.</summary>
internal sealed class Explainer(Invocation invocation, string? configOption)
{
    /// <exception cref="SystemFailureException">There is no such image, domain or definition.</exception>
    public async Task<Explanation> ExplainAsync(ExplainRequest request, CancellationToken cancellationToken)
    {
        if (request is { Definition: { } definition, Image: null })
        {
            return Explain(request, definition, Unconfigured());
        }

        var settings = invocation.Load(configOption).Settings;
        var image = EachImage.Choose(settings.Images, request.Image!.Value)[0];
        return request.Definition is { } given
            ? Explain(request, given, (image, settings.StateDir))
            : await ExplainAsync(request, image, settings, cancellationToken);
    }

    private static Explanation Explain(ExplainRequest request, (string From, string Xml) definition, (ImageDefinition Image, AbsolutePath StateDir) settings)
    {
        var xml = Parse(definition.From, definition.Xml);
        var volumes = SourceVolumes.NamedBy(xml);
        return new Explanation(definition.From, SourceVolumes.ResolveByPlaceholder(xml), settings.Image, settings.StateDir, request.Purpose)
        {
            Remarks = [.. volumes.Select(volume => $"volume '{PlainText.OneLine(volume.Volume, 100)}' of storage pool '{PlainText.OneLine(volume.Pool, 100)}' was not looked up: only libvirt knows what and where it is")],
        };
    }

    private async Task<Explanation> ExplainAsync(ExplainRequest request, ImageDefinition image, Settings settings, CancellationToken cancellationToken)
    {
        var generation = request.Source || !IsPublished(image, settings) ? null : ChosenGeneration.For(image, new Catalogue(settings.StateDir)).Generation;
        if (generation is not null)
        {
            var frozen = Parse(generation.Domain.Value, HostFile.ReadAllText(generation.Domain.Value));
            return With($"generation {generation.Number} of image '{image.Name}' (of {generation.Record.SourceKind} {generation.Record.Source})", FrozenDomain.Thaw(frozen, generation), []);
        }

        switch (image.Source)
        {
            case ImageSource.Domain domain:
                var uri = invocation.UriOf(settings);
                using (var hypervisor = new LibvirtHypervisor(uri, settings.Libvirt.CallTimeout, invocation.Time))
                {
                    var source = await new SourceDefinitions(hypervisor).FindAsync(domain.Name, cancellationToken) ?? throw new SystemFailureException(
                        ErrorCodes.SourceMissing,
                        $"the source domain '{domain.Name}' of image '{image.Name}' does not exist on {uri}",
                        $"See 'virsh -c {uri} list --all' and correct 'domain' in {image.File}.");
                    return With($"domain '{domain.Name}' at {uri}", source.Xml, [.. source.Remarks, .. LibvirtUri.IsRemote(uri) ? [] : SourceMedia.Missing(source.Xml)]);
                }

            case ImageSource.DiskFile file:
                return With($"the built-in machine with {file.Path}", BuiltInMachine.Describe(image, file, Architecture()), []);
            default:
                return With(
                    $"the built-in machine with the disk that 'image publish {image.Name}' makes",
                    BuiltInMachine.Describe(image, new ImageSource.DiskFile(ExampleClone.DiskToCome), Architecture()),
                    []);
        }

        Explanation With(string source, XElement xml, IReadOnlyList<string> remarks) =>
            new(source, xml, image, settings.StateDir, request.Purpose) { Remarks = generation is null ? remarks : [.. remarks, .. SourceMedia.Missing(xml)] };
    }

    private static bool IsPublished(ImageDefinition image, Settings settings) => new Catalogue(settings.StateDir).CurrentNumber(image.Name) is not null;

    /// <summary>The settings of an image whose YAML says nothing but what it must.</summary>
    private static (ImageDefinition Image, AbsolutePath StateDir) Unconfigured()
    {
        var nowhere = new AbsolutePath("/nonexistent");
        var image = new ImageDefinition { File = nowhere, Name = new ImageName("example"), Source = new ImageSource.Domain("example"), Ssh = new SshSettings { User = "ci" } };
        return (image, new Settings { File = nowhere, Images = [image] }.StateDir);
    }

    private static XElement Parse(string from, string text)
    {
        try
        {
            return DomainText.Parse(text);
        }
        catch (UnreadableXmlException e)
        {
            throw NoDefinition(from, e.Why);
        }
    }

    private static SystemFailureException NoDefinition(string from, string why) => new(
        ErrorCodes.DefinitionUnreadable, $"{from} is no definition of a domain: {why}", "Give what libvirt prints: virsh dumpxml --inactive DOMAIN > FILE.xml");

    private static string Architecture() => RuntimeInformation.OSArchitecture == System.Runtime.InteropServices.Architecture.Arm64 ? "aarch64" : "x86_64";
}
