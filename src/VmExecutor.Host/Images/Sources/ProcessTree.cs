using System.Globalization;
using VmExecutor.Host.Files;
using VmExecutor.Host.Processes;

namespace VmExecutor.Host.Images.Sources;

/// <summary>
/// All running processes that a process has started: its descendants, and the processes of its session whose parent has ended meanwhile
/// (proc(5), /proc/pid/stat: fields 4, ppid, and 6, session).
/// </summary>
internal sealed class ProcessTree(int root, TimeProvider clock)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    // Once seen, always ours: a process that loses its parent while others are ended would not be found again.
    private readonly HashSet<RunningProcess> _seen = [];

    /// <summary>Asks all of it to end, gives it time to clean up, and then kills what is left.</summary>
    public async Task EndAsync()
    {
        foreach (var signal in (int[])[UnixSignal.Terminate, UnixSignal.Kill])
        {
            foreach (var process in Look())
            {
                UnixSignal.Send(process.Pid, signal);
            }

            var started = clock.GetTimestamp();
            while (Look().Count > 0 && clock.GetElapsedTime(started) < Patience)
            {
                await Task.Delay(Interval, clock).ConfigureAwait(false);
                if (signal == UnixSignal.Kill)
                {
                    Look().ForEach(process => UnixSignal.Send(process.Pid, signal)); // what was started meanwhile
                }
            }
        }
    }

    private List<RunningProcess> Look()
    {
        var all = ProcessTable.Ids().Select(RunningProcess.TryRead).OfType<RunningProcess>().ToList();
        var ours = new HashSet<int> { root };
        int before;
        do
        {
            before = ours.Count;
            ours.UnionWith(all.Where(process => process.Session == root || ours.Contains(process.Parent)).Select(process => process.Pid));
        }
        while (ours.Count > before);

        _seen.UnionWith(all.Where(process => ours.Contains(process.Pid)));
        return [.. all.Where(process => process.Runs && _seen.Any(seen => seen.IsSame(process)))];
    }

    private sealed record RunningProcess(int Pid, string State, int Parent, int Session, string Started)
    {
        public bool Runs => State is not ("Z" or "X");

        public bool IsSame(RunningProcess other) => (Pid, Started) == (other.Pid, other.Started);

        public static RunningProcess? TryRead(int pid)
        {
            try
            {
                var fields = ProcessTable.FieldsBehindCommand(HostFile.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/stat")));
                return new RunningProcess(pid, fields[0], int.Parse(fields[1], CultureInfo.InvariantCulture), int.Parse(fields[3], CultureInfo.InvariantCulture), fields[19]);
            }
            catch (Exception gone) when (HostFileException.Explains(gone))
            {
                return null;
            }
        }
    }
}
