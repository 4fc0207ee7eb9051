using System.Xml.Linq;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Images;
using VmExecutor.Core.Values;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Disks;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Images;

/// <summary>
/// Makes a generation in a directory of a half-made name; only <see cref="Complete"/> gives it its number, by a rename. The caller holds
/// the image's lock.
/// </summary>
public sealed class GenerationMaker(AbsolutePath stateDir, QemuImg qemuImg, DiskCopier copier)
{
    private const UnixFileMode ReadOnly = UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode Writable = ReadOnly | UnixFileMode.UserWrite;

    /// <summary>Brings the source's files into it; they can still be written to.</summary>
    /// <param name="image">The image of the generation.</param>
    /// <param name="record">The record; the files are filled in.</param>
    /// <param name="source">The source's domain XML.</param>
    /// <param name="oursToMove">Whether the source's disks were made for this generation, so that they need not be copied.</param>
    /// <param name="progress">Told what is being done, how far it is, from 0 to 1, and the bytes of the whole.</param>
    /// <param name="cancellationToken">Ends copying; the half made directory is left.</param>
    public async Task<Generation> BeginAsync(
        ImageName image, GenerationRecord record, XElement source, bool oursToMove, Action<string, double, long> progress, CancellationToken cancellationToken)
    {
        var directory = ImagePaths.For(stateDir, image).Half(HalfMadeName.Making, record.Number, HalfMadeName.Digits(Guid.NewGuid()));
        StateDirectories.Make(directory);
        var files = new List<GenerationFile>();
        foreach (var (role, path, format) in FrozenDomain.FilesOf(source))
        {
            if (FrozenDomain.IsDisk(role))
            {
                // qemu-img takes whatever is called raw, and a guest then finds no boot loader.
                if (FileContents.OfDisk(path, format, "its source") is { IsFatal: true } trouble)
                {
                    throw BaseDiskException.Unusable(path, $"it {trouble.What}", trouble.Fix);
                }

                var chain = await qemuImg.InspectAsync(path, format, cancellationToken).ConfigureAwait(false);
                files.AddRange(record.InPlace
                    ? chain.Files.Select((file, index) => GenerationFiles.Describe(index == 0 ? role : $"{role}/{index}", file.Path.Value, file.Format, null, file.Path))
                    : [await CopyDiskAsync(role, chain, directory, oursToMove, progress, cancellationToken).ConfigureAwait(false) with { VirtualBytes = chain.VirtualSize.Bytes }]);
            }
            else if (role != FrozenDomain.NvramRole || !FileStat.IsMissing(path))
            {
                // A source that was never started has no NVRAM file yet.
                files.Add(Copy(role, path, directory));
            }
        }

        Write(directory.Child(Generation.DomainName), FrozenDomain.Freeze(source, files).ToString());
        return new Generation(directory, record with { Files = files });
    }

    /// <summary>Makes its files read-only and records what they are; from now on they must not be changed.</summary>
    public static async Task<Generation> SealAsync(Generation generation, Action<string, double, long> progress, CancellationToken cancellationToken)
    {
        var files = new List<GenerationFile>();
        foreach (var file in generation.Record.Files)
        {
            var path = generation.PathOf(file);
            if (file.Path.StartsWith('/'))
            {
                files.Add(GenerationFiles.Describe(file.Role, file.Path, file.Format, null, path));
                continue;
            }

            SetMode(path, ReadOnly);
            var sum = await FileChecksum.Sha256Async(path, done => progress($"checksum of {file.Path}", done, file.Bytes), cancellationToken).ConfigureAwait(false);
            files.Add(GenerationFiles.Describe(file.Role, file.Path, file.Format, sum, path) with { VirtualBytes = file.VirtualBytes });
        }

        var sealedOne = generation with { Record = generation.Record with { Files = files } };
        WriteRecord(sealedOne);
        return sealedOne;
    }

    /// <summary>Gives it its number: from now on it is there, whole, and on the disk.</summary>
    public Generation Complete(ImageName image, Generation generation)
    {
        var target = ImagePaths.For(stateDir, image).Generation(generation.Number);
        try
        {
            WriteRecord(generation);
            FileSystemSync.Of(Catalogue.RecordOf(generation.Directory));
            HostDirectory.Move(generation.Directory.Value, target.Value);
            FileSystemSync.Of(Catalogue.RecordOf(target));
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw new HostFileException($"the generation {target} cannot be made", e);
        }

        return generation with { Directory = target };
    }

    /// <summary>Makes a generation the one that jobs get, atomically.</summary>
    public void MakeCurrent(ImageName image, Generation generation)
    {
        var pointer = ImagePaths.For(stateDir, image).Current;
        try
        {
            AtomicFile.Write(pointer, $"{generation.Number}\n", Writable, durably: true);
            FileSystemSync.Of(pointer);
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw new HostFileException($"{pointer}, which says which generation jobs get, cannot be written", e);
        }
    }

    private async Task<GenerationFile> CopyDiskAsync(
        string role, BackingChain chain, AbsolutePath directory, bool oursToMove, Action<string, double, long> progress, CancellationToken cancellationToken)
    {
        var name = role + Generation.DiskEnding;
        var target = directory.Child(name);
        var format = chain.Top.Format;
        if (oursToMove && chain.Files is [{ IsBlockDevice: false }])
        {
            Move(chain.Top.Path, target);
            progress($"disk {role}", 1, 0);
        }
        else
        {
            var bytes = StoredBytes(chain);
            format = await copier.CopyAsync(chain, target, done => progress($"copying disk {role}", done, bytes), cancellationToken).ConfigureAwait(false);
        }

        SetMode(target, Writable);
        return GenerationFiles.Describe(role, name, format, null, target);
    }

    /// <summary>The bytes that a copy reads, as far as the files tell: qemu-img leaves out what was never written.</summary>
    private static long StoredBytes(BackingChain chain) =>
        chain.Files.Sum(file => file.IsBlockDevice ? chain.VirtualSize.Bytes : FileStat.TryRead(file.Path)?.AllocatedBytes ?? 0);

    private static void Move(AbsolutePath from, AbsolutePath to)
    {
        try
        {
            HostFile.Move(from.Value, to.Value);
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw new HostFileException($"{from} cannot be moved to {to}", e);
        }
    }

    private static void SetMode(AbsolutePath path, UnixFileMode mode)
    {
        try
        {
            HostFile.SetUnixFileMode(path.Value, mode);
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw new HostFileException($"the mode of {path} cannot be set", e);
        }
    }

    private static GenerationFile Copy(string role, AbsolutePath path, AbsolutePath directory)
    {
        var target = directory.Child(role);
        try
        {
            HostFile.Copy(path.Value, target.Value);
            HostFile.SetUnixFileMode(target.Value, Writable);
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw new HostFileException($"the source's {role} {path} cannot be copied to {target}", e);
        }

        return GenerationFiles.Describe(role, role, null, null, target);
    }

    private static void WriteRecord(Generation generation) => Write(Catalogue.RecordOf(generation.Directory), generation.Record.ToJson() + "\n");

    private static void Write(AbsolutePath path, string text)
    {
        try
        {
            AtomicFile.Write(path, text, Writable);
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw new HostFileException($"{path} cannot be written", e);
        }
    }
}
