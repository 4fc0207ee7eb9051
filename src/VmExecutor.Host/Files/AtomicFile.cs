using System.Text;
using VmExecutor.Core.Values;

namespace VmExecutor.Host.Files;

/// <summary>Writes a file so that readers see the old content or the new, never a part.</summary>
public static class AtomicFile
{
    /// <param name="path">The file.</param>
    /// <param name="content">Its whole new content.</param>
    /// <param name="mode">Its mode, whatever the umask is; from the first moment other users can do no more with it.</param>
    /// <param name="durably">Whether content and name are on the disk when this returns, so that a power cut leaves no empty file.</param>
    /// <param name="finish">Done to the new file, by its name, before it takes the place.</param>
    /// <exception cref="HostFileException">The file system refused.</exception>
    public static void Write(AbsolutePath path, string content, UnixFileMode mode, bool durably = false, Action<string>? finish = null) =>
        Write(path, Encoding.UTF8.GetBytes(content), mode, durably, finish);

    /// <inheritdoc cref="Write(AbsolutePath, string, UnixFileMode, bool, Action{string})"/>
    public static void Write(AbsolutePath path, ReadOnlySpan<byte> content, UnixFileMode mode, bool durably = false, Action<string>? finish = null)
    {
        // A rename would put a file in the place of a device: /dev/null is one that people name.
        if (FileStat.KindOf(path.Value) is var kind and not (FileKind.Regular or FileKind.Unknown))
        {
            throw new HostFileException($"{path} cannot be written", new OddFileException(kind)) { Path = path.Value };
        }

        var temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = mode };
            using (var file = HostFile.Open(temporary, options))
            {
                // Set again after making: the umask may have taken the bits away.
                HostFile.SetUnixFileMode(file, mode);
                file.Write(content);
                if (durably)
                {
                    file.Flush(flushToDisk: true);
                }
            }

            finish?.Invoke(temporary);
            HostFile.Move(temporary, path.Value, overwrite: true);
            if (durably)
            {
                HostDirectory.Flush(path.Parent().Value);
            }
        }
        catch (HostFileException e) when (e.Path == temporary && e.InnerException is { } refusal)
        {
            // People know the file by its own name.
            HostFile.TryDelete(temporary);
            throw new HostFileException($"{path} cannot be written", refusal) { Path = path.Value };
        }
        catch
        {
            HostFile.TryDelete(temporary);
            throw;
        }
    }
}
