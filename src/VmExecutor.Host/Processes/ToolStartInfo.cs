using System.Diagnostics;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Processes;

/// <summary>Turns a call into the start information for the operating system.</summary>
internal static class ToolStartInfo
{
    /// <summary>Fills in program, arguments, directory and environment; redirections are left to the caller.</summary>
    /// <exception cref="ToolMissingException">The program, or <c>setsid</c> where it is needed, is not installed.</exception>
    public static void Apply(ToolCall call, ToolEnvironment environment, ProcessStartInfo start)
    {
        start.FileName = environment.Find(call.Program);
        start.Arguments = "";
        start.ArgumentList.Clear();
        if (call.OwnSession)
        {
            // A child of .NET leads no process group, so setsid(1) needs no fork: the tool keeps the child's process id.
            start.ArgumentList.Add(start.FileName);
            start.FileName = environment.Find("setsid");
        }

        foreach (var argument in call.Arguments)
        {
            start.ArgumentList.Add(argument);
        }

        if (call.WorkingDirectory is { } directory && HostDirectory.Look(directory.Value) == Presence.Missing)
        {
            // .NET would say that the program is not there.
            throw new HostFileException($"'{call.Program}' cannot be run in {directory}", new DirectoryNotFoundException("the directory is gone"));
        }

        start.WorkingDirectory = call.WorkingDirectory?.Value ?? "";
        start.UseShellExecute = false;
        start.Environment.Clear();
        foreach (var (name, value) in environment.Variables)
        {
            start.Environment[name] = value;
        }
    }
}
