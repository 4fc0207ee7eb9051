using System.Text;

namespace VmExecutor.EndToEnd.Tests.Instruments;

/// <summary>
/// Looks for a secret where other users of the host, or its administrators, could see it: in the arguments of all processes and in the
/// environment of the processes that the driver starts. It looks again and again until it is asked for its finds.
/// </summary>
internal sealed class CanaryWatch : IAsyncDisposable
{
    // Between two looks: a qemu-img lives for some 20 ms, and a look at all processes takes about as long.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);

    private readonly byte[] _canary;
    private readonly CancellationTokenSource _over = new();
    private readonly HashSet<string> _found = [];
    private readonly HashSet<string> _seen = [];
    private readonly Task _watching;

    public CanaryWatch(string canary)
    {
        _canary = Encoding.UTF8.GetBytes(canary);
        _watching = Task.Run(WatchAsync);
    }

    /// <summary>The programs whose environment was looked at: a watch that saw none proves nothing.</summary>
    /// <returns>Where the secret was, and the tools of the driver that were seen.</returns>
    public async Task<(IReadOnlyCollection<string> Found, IReadOnlyCollection<string> Tools)> EndAsync()
    {
        await _over.CancelAsync();
        await _watching;
        return (_found, _seen);
    }

    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        _over.Dispose();
    }

    /// <summary>The files below a directory, disks left out, that have the secret in them; sockets have no content.</summary>
    public static IReadOnlyList<string> FilesWith(string canary, params IReadOnlyList<string> directories)
    {
        var wanted = Encoding.UTF8.GetBytes(canary);
        return
        [
            .. directories.Where(Directory.Exists)
                .SelectMany(directory => Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories))
                .Where(file => !file.EndsWith(".qcow2", StringComparison.Ordinal) && TryRead(file).AsSpan().IndexOf(wanted) >= 0),
        ];
    }

    private async Task WatchAsync()
    {
        while (!_over.IsCancellationRequested)
        {
            foreach (var process in Directory.EnumerateDirectories("/proc").Where(path => char.IsAsciiDigit(path[^1])))
            {
                Look(process);
            }

            await Task.Delay(Pause);
        }
    }

    private void Look(string process)
    {
        var arguments = TryRead($"{process}/cmdline");
        var end = arguments.AsSpan().IndexOf((byte)0);
        var program = Path.GetFileName(Encoding.UTF8.GetString(arguments, 0, Math.Max(end, 0)));
        if (arguments.AsSpan().IndexOf(_canary) >= 0)
        {
            _found.Add($"arguments of {program}");
        }

        // The driver's own environment has it from the runner, and a shell that starts the driver has that too.
        if (program is "ssh" or "qemu-img" || program.StartsWith("qemu-system-", StringComparison.Ordinal))
        {
            _seen.Add(program);
            if (TryRead($"{process}/environ").AsSpan().IndexOf(_canary) >= 0)
            {
                _found.Add($"environment of {program}");
            }
        }
    }

    private static byte[] TryRead(string file)
    {
        try
        {
            return File.ReadAllBytes(file);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
