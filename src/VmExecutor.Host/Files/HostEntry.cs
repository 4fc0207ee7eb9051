using VmExecutor.Core.Values;

namespace VmExecutor.Host.Files;

/// <summary>A name in a directory, whatever it is: those who may write to a directory choose the names in it.</summary>
public sealed class HostEntry
{
    private readonly AbsolutePath? _directory;
    private readonly string? _name;

    /// <param name="directory">The directory; null: it cannot be named either.</param>
    /// <param name="raw">The whole path.</param>
    /// <param name="name">The name, with a 0 at its end.</param>
    /// <param name="kind">As the directory has it; unknown: only a look at the file tells.</param>
    internal HostEntry(AbsolutePath? directory, RawPath raw, byte[] name, EntryKind kind)
    {
        (_directory, Raw, _name) = (directory, raw, RawPath.NameOf(name.AsSpan(..^1)));
        Name = _name ?? RawPath.TextOf(name.AsSpan(..^1));
        IsDirectory = kind == EntryKind.Directory || (kind is EntryKind.Link or EntryKind.Unknown && FileStat.TryRead(raw) is { IsDirectory: true });
    }

    /// <summary>The name; of one that is no text, or has a line break in it, for people only.</summary>
    public string Name { get; }

    /// <summary>The whole path, for people.</summary>
    public string FullName => Raw.ToString();

    /// <summary>Null: a path cannot have such a name (<see cref="AbsolutePath"/>). The driver never makes one.</summary>
    public AbsolutePath? Path => _name is null ? null : _directory?.Child(_name);

    /// <summary>True: it is a directory, or a link to one.</summary>
    public bool IsDirectory { get; }

    internal RawPath Raw { get; }

    /// <summary>The facts of the name itself, a link's own among them; null: it is gone, or cannot be looked at.</summary>
    internal FileStat? Stat() => FileStat.TryRead(Raw, followLinks: false);
}
