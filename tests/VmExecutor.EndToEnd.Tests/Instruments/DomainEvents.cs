using System.Diagnostics;

namespace VmExecutor.EndToEnd.Tests.Instruments;

/// <summary>libvirt's events of a domain's life during an action (<c>virsh event</c>).</summary>
internal static class DomainEvents
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <returns>The action's result and virsh's lines until the domain stopped.</returns>
    public static async Task<(T Result, string Events)> WatchAsync<T>(string domain, Func<Task<T>> action)
    {
        string[] arguments =
            ["-c", "qemu:///system", "event", "--domain", domain, "--event", "lifecycle", "--loop", "--timeout", "120"];
        using var virsh = Process.Start(new ProcessStartInfo("virsh", arguments) { RedirectStandardOutput = true })!;
        try
        {
            var events = ReadUntilStoppedAsync(virsh);
            var result = await action();
            return (result, await events.WaitAsync(Patience));
        }
        finally
        {
            virsh.Kill();
        }
    }

    private static async Task<string> ReadUntilStoppedAsync(Process virsh)
    {
        var lines = new List<string>();
        while (await virsh.StandardOutput.ReadLineAsync() is { } line)
        {
            lines.Add(line);
            if (line.Contains("Stopped", StringComparison.Ordinal))
            {
                break;
            }
        }

        return string.Join('\n', lines);
    }
}
