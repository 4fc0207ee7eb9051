using System.Xml.Linq;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Images;
using VmExecutor.Core.Templates;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using VmExecutor.Host.Images;

namespace VmExecutor.Host.Templates;

/// <summary>The templates of generations: looked at, never changed.</summary>
public static class TemplateCatalogue
{
    /// <summary>The directory of a generation's templates.</summary>
    public static AbsolutePath DirectoryOf(Generation generation) => generation.Directory.Child(ImagePaths.TemplatesName);

    /// <summary>The whole templates of a generation, the newest first.</summary>
    public static IReadOnlyList<Template> Of(Generation generation)
    {
        try
        {
            return
            [
                .. HostDirectory.Directories(DirectoryOf(generation))
                    .Select(directory => directory.Name.StartsWith('.') ? null : Find(directory))
                    .OfType<Template>().OrderByDescending(template => template.Record.Made),
            ];
        }
        catch (HostFileException gone) when (gone.IsMissing)
        {
            return [];
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw new HostFileException($"the directory {DirectoryOf(generation)} cannot be listed", e);
        }
    }

    /// <summary>Null: there is none, or its record is unreadable.</summary>
    public static Template? Find(AbsolutePath directory)
    {
        try
        {
            return TemplateRecord.TryParse(HostFile.ReadAllText(directory.Child(Template.RecordName).Value)) is { } record ? new Template(directory, record) : null;
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            return null;
        }
    }

    /// <summary>Its machine, in which files are named by their role.</summary>
    /// <exception cref="SystemFailureException"><see cref="ErrorCodes.TemplateNotLoaded"/>: it cannot be read.</exception>
    public static async Task<XElement> ReadMachineAsync(Template template, CancellationToken cancellationToken)
    {
        try
        {
            return DomainText.Parse(await HostFile.ReadAllTextAsync(template.Domain.Value, cancellationToken).ConfigureAwait(false));
        }
        catch (Exception e) when (e is UnreadableXmlException || HostFileException.Explains(e))
        {
            throw new SystemFailureException(
                ErrorCodes.TemplateNotLoaded, $"{template.Domain} cannot be used: {HostFileException.ReasonOf(e)}", "Make the template anew: vm-executor image warm NAME", e);
        }
    }

    /// <summary>The damage of its files, one sentence each, by a look at their inodes.</summary>
    public static IReadOnlyList<string> Damage(Template template) =>
    [
        .. FileStat.TryRead(template.Domain) is null ? new[] { $"{template.Domain} is missing" } : [],
        .. template.Record.Files.Select(file => GenerationFiles.Damage(template.PathOf(file), file)).OfType<string>(),
    ];
}
