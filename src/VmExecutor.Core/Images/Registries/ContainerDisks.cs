using System.Globalization;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Images.Registries;

/// <summary>A disk in a layer of a container image.</summary>
/// <param name="Layer">The layer's place, from 0.</param>
/// <param name="Entry">The entry's place in the layer's archive, from 0: a name can come twice, and the last one counts.</param>
/// <param name="Name">Its name in <c>/disk</c>.</param>
/// <param name="Length">In bytes.</param>
/// <param name="IsFile">False: a link, a device or a directory of that name.</param>
public sealed record ContainerDisk(int Layer, long Entry, string Name, long Length, bool IsFile);

/// <summary>
/// Finds the disk of a container image as KubeVirt's containerDisk has it: one file in <c>/disk</c>. Layers are taken in order: a later one
/// replaces a file or removes it by a whiteout (https://github.com/opencontainers/image-spec/blob/main/layer.md#whiteouts).
/// </summary>
public sealed class ContainerDisks
{
    private const string Directory = "disk/";
    private const string Whiteout = ".wh.";
    private const string Opaque = ".wh..wh..opq";
    private const int MostNames = 1000;
    private static readonly string[] Endings = [".qcow2", ".raw", ".img"];
    private const int MostTold = 5;
    private readonly Dictionary<string, ContainerDisk> _disks = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _others = new(StringComparer.Ordinal);

    /// <summary>Takes one entry of a layer; the layers in their order.</summary>
    /// <param name="layer">The layer's place.</param>
    /// <param name="entry">The entry's place in it.</param>
    /// <param name="name">As the archive says it: any text.</param>
    /// <param name="isFile">True: a regular file.</param>
    /// <param name="mayBeDirectory">False: a file or a link, which hides the directory of that name in the layers below.</param>
    /// <param name="length">In bytes.</param>
    /// <exception cref="InvalidDataException">There are too many.</exception>
    public void Take(int layer, long entry, string name, bool isFile, bool mayBeDirectory, long length)
    {
        var path = name.StartsWith("./", StringComparison.Ordinal) ? name[2..] : name.TrimStart('/');
        if (path is Opaque or ".wh.disk" or Directory + Opaque || (path == "disk" && !mayBeDirectory))
        {
            Remove(layer, _ => true);
        }
        else if (path.StartsWith(Directory + Whiteout, StringComparison.Ordinal))
        {
            Remove(layer, disk => disk.Name == path[(Directory.Length + Whiteout.Length)..]);
        }
        else if (path.StartsWith(Directory, StringComparison.Ordinal) && IsDisk(path[Directory.Length..]))
        {
            _disks[path[Directory.Length..]] = new ContainerDisk(layer, entry, path[Directory.Length..], length, isFile);
            if (_disks.Count > MostNames)
            {
                throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture, $"it has more than {MostNames} disks in /disk"));
            }
        }
        else if (path.StartsWith(Directory, StringComparison.Ordinal) && isFile && _others.Count < MostTold)
        {
            _others.Add(path);
        }
    }

    /// <summary>The one disk.</summary>
    /// <exception cref="InvalidDataException">There is none, there are several, or it is no file.</exception>
    public ContainerDisk TheOne() => _disks.Values.OrderBy(disk => disk.Name, StringComparer.Ordinal).ToList() switch
    {
        [] => throw new InvalidDataException("it has no disk: no layer has a file /disk/*.qcow2, /disk/*.raw or /disk/*.img"
            + (_others.Count == 0 ? "" : $"; it has {string.Join(", ", _others.Select(path => $"/{PlainText.OneLine(path, 100)}"))}")),
        [{ IsFile: true } one] => one,
        [var odd] => throw new InvalidDataException($"its /disk/{PlainText.OneLine(odd.Name, 100)} is no regular file"),
        var several => throw new InvalidDataException(
            $"it has {several.Count} disks, and an image has one: {string.Join(", ", several.Take(5).Select(disk => $"/disk/{PlainText.OneLine(disk.Name, 100)}"))}"),
    };

    private static bool IsDisk(string name) =>
        !name.Contains('/', StringComparison.Ordinal) && Endings.Any(ending => name.EndsWith(ending, StringComparison.Ordinal) && name.Length > ending.Length);

    /// <summary>A whiteout counts for the layers below its own.</summary>
    private void Remove(int layer, Func<ContainerDisk, bool> which)
    {
        foreach (var disk in _disks.Values.Where(disk => disk.Layer < layer && which(disk)).ToList())
        {
            _disks.Remove(disk.Name);
        }
    }
}
