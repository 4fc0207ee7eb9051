using System.Globalization;
using System.Text;
using VmExecutor.Core.Values;

namespace VmExecutor.Host.Files;

/// <summary>
/// A file of lines to which any number of processes append, and which begins anew when it is large: <c>x.jsonl</c>, then <c>x.1.jsonl</c>
/// is the last one before. A process that appends holds a lock, so that no line is torn and none goes into a file that is being
/// exchanged. A line that a power failure cut is ended before the next.
/// </summary>
/// <param name="path">The file that is appended to.</param>
/// <param name="longestBytes">From this size on a new one is begun.</param>
/// <param name="earlier">How many earlier ones stay.</param>
public sealed class LineFile(AbsolutePath path, long longestBytes, int earlier)
{
    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;

    public AbsolutePath Path { get; } = path;

    /// <summary>All files that there may be, the oldest first.</summary>
    public static IReadOnlyList<AbsolutePath> AllOf(AbsolutePath path, int earlier) =>
        [.. Enumerable.Range(1, earlier).Reverse().Select(number => Numbered(path, number)), path];

    /// <summary>Appends one line in one write.</summary>
    /// <param name="line">With its end.</param>
    /// <exception cref="HostFileException">The file system refused, for example since it is full; then nothing of the line stays.</exception>
    public void Append(string line)
    {
        Rotate();
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.ReadWrite, BufferSize = 0, UnixCreateMode = Mode };
        using var stream = HostFile.Open(Path.Value, options);
        var end = stream.Length;
        var bytes = Encoding.UTF8.GetBytes(EndsInMidLine(stream) ? "\n" + line : line);
        stream.Seek(0, SeekOrigin.End);
        try
        {
            stream.Write(bytes);
        }
        catch
        {
            // A full disk took half of it.
            stream.SetLength(end);
            throw;
        }
    }

    private static bool EndsInMidLine(FileStream stream)
    {
        if (stream.Length == 0)
        {
            return false;
        }

        stream.Seek(-1, SeekOrigin.End);
        return stream.ReadByte() != '\n';
    }

    private void Rotate()
    {
        if (FileStat.TryRead(Path) is { IsRegular: true } file && file.Bytes >= longestBytes)
        {
            for (var number = earlier; number > 0; number--)
            {
                var from = number == 1 ? Path : Numbered(Path, number - 1);
                if (HostFile.Exists(from.Value))
                {
                    HostFile.Move(from.Value, Numbered(Path, number).Value, overwrite: true);
                }
            }
        }
    }

    private static AbsolutePath Numbered(AbsolutePath path, int number)
    {
        var name = path.Name;
        return path.Parent().Child(string.Create(
            CultureInfo.InvariantCulture,
            $"{System.IO.Path.GetFileNameWithoutExtension(name)}.{number}{System.IO.Path.GetExtension(name)}"));
    }
}
