using System.Globalization;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Processes;

/// <summary>Processes as the kernel tells of them (proc(5)).</summary>
public static class ProcessTable
{
    // proc(5), /proc/pid/stat: fields 3 (state), 4 (ppid), 14 (utime), 15 (stime) and 22 (starttime), counted from 3 behind the command's closing parenthesis.
    private const int StateField = 3 - 3;
    private const int ParentField = 4 - 3;
    private const int UserTimeField = 14 - 3;
    private const int SystemTimeField = 15 - 3;
    private const int StartField = 22 - 3;

    // USER_HZ, in which the kernel tells times to programs; 100 on every architecture that .NET runs on.
    private const double TicksPerSecond = 100;

    private static readonly AbsolutePath Proc = new("/proc");

    /// <summary>The process that started this one; a process that ends meanwhile has start time 0.</summary>
    public static RunnerProcess Parent() => Describe(int.Parse(Fields("self")[ParentField], CultureInfo.InvariantCulture));

    /// <summary>This process.</summary>
    public static RunnerProcess Self() => Describe(Environment.ProcessId);

    /// <summary>True when that very process still runs: not one that got its id later, nor one that is dead and not yet reaped.</summary>
    public static bool Runs(RunnerProcess process)
    {
        try
        {
            var fields = Fields(Text(process.Pid));
            return fields[StateField] is not ("Z" or "X") && fields[StartField] == process.StartTicks.ToString(CultureInfo.InvariantCulture);
        }
        catch (HostFileException)
        {
            // Where /proc is mounted with hidepid, other users' processes are not seen, but still there.
            return UnixSignal.Exists(process.Pid);
        }
    }

    /// <summary>
    /// True when a path is certainly not there for a process. It is looked at through the process's eyes (proc(5),
    /// <c>/proc/pid/root</c>), since a service may have a /tmp of its own (systemd's PrivateTmp). A path that may not be looked at counts
    /// as being there; where /proc is mounted with hidepid, no path of another user's process may be looked at.
    /// </summary>
    public static bool Misses(RunnerProcess process, AbsolutePath path)
    {
        var directory = $"/proc/{Text(process.Pid)}";
        return FileStat.IsMissing(new AbsolutePath($"{directory}/root{path}"))
            && !(FileStat.IsMissing(new AbsolutePath(directory)) && UnixSignal.Exists(process.Pid));
    }

    /// <summary>The ids of all processes that can be seen.</summary>
    public static IEnumerable<int> Ids() => Ids(Proc);

    /// <param name="proc">Where the process table is mounted, for one that is not this machine's own.</param>
    /// <inheritdoc cref="Ids()"/>
    public static IEnumerable<int> Ids(AbsolutePath proc) =>
        from entry in HostDirectory.List(proc)
        let id = int.TryParse(entry.Name, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0
        where id > 0
        select id;

    /// <summary>The processes in which a user has a part: real, effective, saved or file system's (proc(5), Uid).</summary>
    public static IReadOnlyList<RunnerProcess> Of(uint user) =>
        [.. Ids().Where(id => Users(id).Contains(user)).Select(Describe).Where(Runs)];

    /// <summary>The users that have any process.</summary>
    public static IReadOnlySet<uint> UsersWithProcesses() => Ids().SelectMany(Users).ToHashSet();

    /// <summary>A process's arguments; empty when it is gone, hidden, or the kernel's own.</summary>
    public static string[] Arguments(int pid) => Arguments(Proc, pid);

    /// <param name="proc">As for <see cref="Ids(AbsolutePath)"/>.</param>
    /// <param name="pid">Its id there.</param>
    /// <inheritdoc cref="Arguments(int)"/>
    public static string[] Arguments(AbsolutePath proc, int pid)
    {
        try
        {
            return HostFile.ReadAllText($"{proc}/{Text(pid)}/cmdline").Split('\0', StringSplitOptions.RemoveEmptyEntries);
        }
        catch (Exception gone) when (HostFileException.Explains(gone))
        {
            return [];
        }
    }

    /// <summary>Its working directory, also one that was deleted; null when it is gone or not ours to look at.</summary>
    public static string? WorkingDirectory(int pid)
    {
        try
        {
            return HostFile.LinkTarget($"/proc/{Text(pid)}/cwd");
        }
        catch (Exception gone) when (HostFileException.Explains(gone))
        {
            return null;
        }
    }

    /// <summary>The most memory it ever had at once, in bytes (proc(5), VmHWM); null when it is gone.</summary>
    public static long? PeakMemory(int pid) => Memory(pid, ["VmHWM:"]);

    /// <summary>
    /// The memory that it has now and that is its own, in bytes; null: it is gone. Memory that it shares with files, such as its program,
    /// does not count: a guest was not promised that (proc(5), RssAnon, RssShmem, HugetlbPages).
    /// </summary>
    public static long? ResidentMemory(int pid) => Memory(pid, ["RssAnon:", "RssShmem:", "HugetlbPages:"]);

    /// <summary>As <see cref="ResidentMemory"/>, with the part of it that the kernel has swapped out (proc(5), VmSwap).</summary>
    public static long? OwnMemory(int pid) => Memory(pid, ["RssAnon:", "RssShmem:", "HugetlbPages:", "VmSwap:"]);

    /// <summary>The processor time that it has used, in all its threads; null when it is gone.</summary>
    public static TimeSpan? CpuTime(int pid)
    {
        try
        {
            var fields = Fields(Text(pid));
            return TimeSpan.FromSeconds((long.Parse(fields[UserTimeField], CultureInfo.InvariantCulture) + long.Parse(fields[SystemTimeField], CultureInfo.InvariantCulture)) / TicksPerSecond);
        }
        catch (Exception gone) when (HostFileException.Explains(gone))
        {
            return null;
        }
    }

    /// <summary>A process with its start time, which is 0 when it has ended meanwhile.</summary>
    public static RunnerProcess Describe(int pid)
    {
        try
        {
            return new RunnerProcess(pid, long.Parse(Fields(Text(pid))[StartField], CultureInfo.InvariantCulture));
        }
        catch (HostFileException)
        {
            return new RunnerProcess(pid, 0);
        }
    }

    private static IReadOnlyList<uint> Users(int pid)
    {
        try
        {
            var line = HostFile.ReadLines($"/proc/{Text(pid)}/status").FirstOrDefault(line => line.StartsWith("Uid:", StringComparison.Ordinal));
            return line is null ? [] : [.. line["Uid:".Length..].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Select(number => uint.Parse(number, CultureInfo.InvariantCulture))];
        }
        catch (HostFileException)
        {
            return [];
        }
    }

    private static long? Memory(int pid, string[] fields)
    {
        try
        {
            long? sum = null;
            foreach (var line in HostFile.ReadLines($"/proc/{Text(pid)}/status").Where(line => fields.Any(field => line.StartsWith(field, StringComparison.Ordinal))))
            {
                var kibibytes = line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1];
                sum = (sum ?? 0) + (long.TryParse(kibibytes, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number * 1024 : 0);
            }

            return sum;
        }
        catch (Exception gone) when (HostFileException.Explains(gone))
        {
            return null;
        }
    }

    private static string Text(int pid) => pid.ToString(CultureInfo.InvariantCulture);

    /// <summary>The fields after the command, from field 3 on; a command may have spaces and parentheses of its own.</summary>
    internal static string[] FieldsBehindCommand(string stat) => stat[(stat.LastIndexOf(')') + 2)..].TrimEnd('\n').Split(' ');

    private static string[] Fields(string process) => FieldsBehindCommand(HostFile.ReadAllText($"/proc/{process}/stat"));
}
