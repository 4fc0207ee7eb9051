using System.Diagnostics;
using System.Net.Sockets;
using VmExecutor.Core.Values;

namespace VmExecutor.Host.Tests.Files;

/// <summary>Things that may be found where a plain file is expected, really made.</summary>
internal sealed class OddFile : IDisposable
{
    private readonly List<IDisposable> _open = [];
    private readonly AbsolutePath _directory = new(Directory.CreateTempSubdirectory("vmx-odd-").FullName);

    public static string[] Kinds => ["a named pipe", "a socket", "a character device", "a directory"];

    /// <summary>Makes one, or a link to it.</summary>
    public AbsolutePath Make(string kind, bool linked = false)
    {
        var made = _directory.Child(kind.Replace(' ', '-'));
        switch (kind)
        {
            case "a named pipe":
                using (var tool = Process.Start("mkfifo", [made.Value]))
                {
                    tool.WaitForExit();
                }

                break;
            case "a socket":
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                _open.Add(socket);
                socket.Bind(new UnixDomainSocketEndPoint(made.Value));
                break;
            case "a character device":
                made = new AbsolutePath("/dev/zero");
                break;
            case "a directory":
                Directory.CreateDirectory(made.Value);
                break;
            default:
                throw new ArgumentException(kind, nameof(kind));
        }

        if (!linked)
        {
            return made;
        }

        var link = _directory.Child("link");
        File.CreateSymbolicLink(link.Value, made.Value);
        return link;
    }

    /// <summary>A file of that many bytes, none of which is on the disk.</summary>
    public AbsolutePath Sparse(long bytes)
    {
        var made = _directory.Child("sparse");
        using var file = new FileStream(made.Value, FileMode.Create);
        file.SetLength(bytes);
        return made;
    }

    /// <summary>Does it on another thread, which is given up if it hangs.</summary>
    public static async Task<T> WithoutHangingAsync<T>(Func<T> act) =>
        await Task.Factory.StartNew(act, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).WaitAsync(TimeSpan.FromSeconds(20));

    public void Dispose()
    {
        _open.ForEach(one => one.Dispose());
        Directory.Delete(_directory.Value, recursive: true);
    }
}
