using System.Xml.Linq;
using VmExecutor.Core.Images;
using VmExecutor.Core.Templates;
using VmExecutor.Core.Users;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Images;
using VmExecutor.Host.Users;

namespace VmExecutor.Host.Templates;

/// <summary>
/// Makes a template in a directory of a half-made name; only <see cref="Complete"/> gives it its name, by a rename. The caller holds the
/// image's lock.
/// </summary>
public sealed class TemplateMaker(IHypervisor hypervisor)
{
    private const UnixFileMode ReadOnly = UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode Private = UnixFileMode.UserRead;

    /// <summary>An empty directory with the file that the guest's memory will be.</summary>
    /// <param name="generation">The generation that it will stand on.</param>
    /// <param name="users">The users that its clones will run as; null: libvirt's one QEMU user.</param>
    /// <param name="cancellationToken">Ends the call to libvirt.</param>
    public async Task<AbsolutePath> BeginAsync(Generation generation, VmUserPool? users, CancellationToken cancellationToken)
    {
        var directory = TemplateCatalogue.DirectoryOf(generation).Child($"{HalfMadeName.Making}{HalfMadeName.Digits(Guid.NewGuid())}");
        StateDirectories.Make(directory);
        var ram = directory.Child(Template.RamName);
        if (users is not null)
        {
            RamFile.MakeForGroup(ram, users.Group);
        }
        else
        {
            RamFile.Make(ram, QemuUser.Of(await hypervisor.GetCapabilitiesAsync(cancellationToken).ConfigureAwait(false)));
        }

        return directory;
    }

    /// <summary>
    /// Moves the overlays and the machine's other files into it, makes everything read-only and records them. Where QEMU cannot open the memory
    /// read-only, it stays writable for QEMU's user; no process writes to it.
    /// </summary>
    /// <param name="directory">With memory and state in it, whose domain is gone.</param>
    /// <param name="record">The record; the files are filled in.</param>
    /// <param name="domain">The machine's XML.</param>
    /// <param name="files">Role, where it lies now, and a disk's format.</param>
    public static Template Seal(
        AbsolutePath directory, TemplateRecord record, XElement domain, IReadOnlyList<(string Role, AbsolutePath Path, string? Format)> files)
    {
        var names = new List<string>();
        foreach (var (role, path, format) in files)
        {
            var name = role switch
            {
                TemplateRole.Ram => Template.RamName,
                TemplateRole.State => Template.StateName,
                _ when format is not null => $"{role}.{format}",
                _ => role,
            };
            var target = directory.Child(name);
            if (target != path)
            {
                Do($"{path} cannot be moved into the template", () => HostFile.Move(path.Value, target.Value));
            }

            // Only files that QEMU's user must read are readable for all: a login key or a seed is private, and the driver itself reads the
            // state.
            if (role != TemplateRole.Ram)
            {
                VmUserFiles.TakeBack(target);
                Do($"{target} cannot be made read-only", () => HostFile.SetUnixFileMode(target.Value, format is null ? Private : ReadOnly));
            }
            else if (record.IsMemoryReadOnly)
            {
                RamFile.Protect(target);
            }

            names.Add(name);
        }

        var template = new Template(directory, record);
        Do($"{template.Domain} cannot be written", () => AtomicFile.Write(template.Domain, domain.ToString(), ReadOnly));
        Do($"{directory} cannot be brought to the disk", () => FileSystemSync.Of(template.Domain));

        // Only now: what is still to be written to the disk may change a file's time.
        template = template with
        {
            Record = record with { Files = [.. files.Zip(names, (file, name) => GenerationFiles.Describe(file.Role, name, file.Format, null, directory.Child(name)))] },
        };
        Do($"{directory} cannot be completed", () => AtomicFile.Write(directory.Child(Template.RecordName), template.Record.ToJson(), ReadOnly));
        return template;
    }

    /// <summary>
    /// Gives it its name: from now on jobs get it. An older one of that name is removed first. Clones of the older one have its files
    /// open and need no names; a job that looks at that moment finds none and starts cold.
    /// </summary>
    public static Template Complete(Generation generation, Template template)
    {
        var target = TemplateCatalogue.DirectoryOf(generation).Child(template.Record.Shape.Fingerprint);
        if (HostDirectory.Exists(target.Value))
        {
            Remove(target);
        }

        Do($"the template {target} cannot be made", () =>
        {
            FileSystemSync.Of(template.Domain);
            HostDirectory.Move(template.Directory.Value, target.Value);
            FileSystemSync.Of(target.Child(Template.RecordName));
        });
        return template with { Directory = target };
    }

    /// <summary>Removes one: it is gone for jobs at once, and its files when they are deleted and no clone has them open.</summary>
    public static void Remove(AbsolutePath directory)
    {
        var gone = directory.Parent().Child(HalfMadeName.Of(HalfMadeName.Removing, directory.Name, HalfMadeName.Digits(Guid.NewGuid())));
        Do($"{directory} cannot be renamed to {gone.Name}", () => HostDirectory.Move(directory.Value, gone.Value));
        GenerationRemover.Delete(gone);
    }

    private static void Do(string failure, Action step)
    {
        try
        {
            step();
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw new HostFileException(failure, e);
        }
    }
}
