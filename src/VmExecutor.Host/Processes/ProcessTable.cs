using System.Globalization;
using VmExecutor.Core.Jobs;

namespace VmExecutor.Host.Processes;

/// <summary>Processes as the kernel tells of them (proc(5)).</summary>
public static class ProcessTable
{
    // proc(5), /proc/pid/stat: fields 4 (ppid) and 22 (starttime), counted from 3 behind the command's closing parenthesis.
    private const int ParentField = 4 - 3;
    private const int StartField = 22 - 3;

    /// <summary>The process that started this one; a process that ends meanwhile has start time 0.</summary>
    public static RunnerProcess Parent()
    {
        var pid = int.Parse(Fields("self")[ParentField], CultureInfo.InvariantCulture);
        try
        {
            return new RunnerProcess(pid, long.Parse(Fields(pid.ToString(CultureInfo.InvariantCulture))[StartField], CultureInfo.InvariantCulture));
        }
        catch (IOException)
        {
            return new RunnerProcess(pid, 0);
        }
    }

    /// <summary>What stands behind the command, from field 3 on; a command may have spaces and parentheses of its own.</summary>
    internal static string[] FieldsBehindCommand(string stat) => stat[(stat.LastIndexOf(')') + 2)..].TrimEnd('\n').Split(' ');

    private static string[] Fields(string process) => FieldsBehindCommand(File.ReadAllText($"/proc/{process}/stat"));
}
