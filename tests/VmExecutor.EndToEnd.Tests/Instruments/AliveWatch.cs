using System.Globalization;

namespace VmExecutor.EndToEnd.Tests.Instruments;

/// <summary>Asks virsh again and again which VMs of a bench are alive, until disposed.</summary>
internal sealed class AliveWatch : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);
    private readonly CancellationTokenSource _over = new();
    private readonly SortedDictionary<int, string> _seen = [];
    private readonly string _prefix;
    private readonly Task _watching;

    /// <param name="token">Part of every clone's name.</param>
    public AliveWatch(string token)
    {
        _prefix = $"vmx-{token}";
        _watching = Task.Run(WatchAsync);
    }

    /// <summary>The largest number of them that were alive at the same time.</summary>
    public int Most { get; private set; }

    public int Looks { get; private set; }

    /// <summary>Their names in the order of their start: libvirt numbers domains as it starts them.</summary>
    public async Task<IReadOnlyList<string>> EndAsync()
    {
        await _over.CancelAsync();
        await _watching;
        return [.. _seen.Values];
    }

    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        _over.Dispose();
    }

    private async Task WatchAsync()
    {
        while (!_over.IsCancellationRequested)
        {
            // " Id   Name   State"
            var alive = (await HostCommand.LinesAsync("virsh", "-c", "qemu:///system", "list"))
                .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                .Where(words => words.Length > 2 && words[1].StartsWith(_prefix, StringComparison.Ordinal))
                .ToList();
            alive.ForEach(words => _seen[int.Parse(words[0], CultureInfo.InvariantCulture)] = words[1]);
            Most = Math.Max(Most, alive.Count);
            Looks++;
            await Task.Delay(Pause, _over.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
