using VmExecutor.Core.Images;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Images;

/// <summary>
/// Checks that a generation's files are still as they were published: a changed one breaks every clone that stands on it.
/// </summary>
public static class GenerationFiles
{
    /// <summary>As it is recorded when it is published.</summary>
    /// <exception cref="HostFileException">It cannot be looked at.</exception>
    public static GenerationFile Describe(string role, string name, string? format, string? sha256, AbsolutePath path)
    {
        var stat = FileStat.TryRead(path) ?? throw new HostFileException($"{path} cannot be looked at", new FileNotFoundException("it does not exist"));
        return new GenerationFile(role, name, format, stat.Bytes, stat.AllocatedBytes, sha256, stat.Inode, stat.ModifiedNanoseconds);
    }

    /// <summary>The damage of the files, one sentence each, by a look at their inodes: fast enough for the start of each job.</summary>
    public static IReadOnlyList<string> Damage(Generation generation) =>
    [
        .. FileStat.TryRead(generation.Domain) is null ? new[] { $"{generation.Domain} is missing" } : [],
        .. generation.Record.Files.Select(file => Damage(generation.PathOf(file), file)).OfType<string>(),
    ];

    internal static string? Damage(AbsolutePath path, GenerationFile file) => FileStat.TryRead(path) switch
    {
        null => $"{path} is missing",
        var stat when stat.Inode != file.Inode => $"{path} was exchanged",
        var stat when stat.Bytes != file.Bytes || stat.ModifiedNanoseconds != file.ModifiedNanoseconds => $"{path} was changed",
        _ => null,
    };
}
