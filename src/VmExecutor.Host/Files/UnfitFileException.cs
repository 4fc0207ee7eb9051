namespace VmExecutor.Host.Files;

/// <summary>A file that the system would open and the driver does not.</summary>
internal abstract class UnfitFileException(string why) : IOException(why);

/// <summary>There is something that is no file to be opened: a pipe would be waited for, and a device never ends.</summary>
internal sealed class OddFileException(FileKind kind) : UnfitFileException($"it is {Words(kind)}")
{
    private static string Words(FileKind kind) => kind switch
    {
        FileKind.Directory => "a directory",
        FileKind.BlockDevice => "a block device",
        FileKind.CharacterDevice => "a character device",
        FileKind.Pipe => "a named pipe",
        FileKind.Socket => "a socket",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };
}

/// <summary>A file has more in it than such a file ever has.</summary>
/// <param name="bytes">How many it says it has; null: it does not say.</param>
/// <param name="longest">How many are read at most.</param>
internal sealed class FileTooLargeException(long? bytes, long longest) : UnfitFileException(
    bytes is { } told
        ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $"it has {told} bytes, and {longest} at most are read")
        : string.Create(System.Globalization.CultureInfo.InvariantCulture, $"it has more than {longest} bytes, and no more are read"));
