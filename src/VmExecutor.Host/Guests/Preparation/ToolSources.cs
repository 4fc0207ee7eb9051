using System.Globalization;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using VmExecutor.Host.Processes;
using VmExecutor.Host.Runner;

namespace VmExecutor.Host.Guests.Preparation;

/// <summary>Finds on this host the files that <c>tools</c> names.</summary>
/// <param name="starter">The process that started this one: the runner, in a stage.</param>
/// <param name="environment">Its PATH is searched for a runner where none runs.</param>
/// <param name="host">Where a runner may run that did not start this process: for <c>image publish</c> and <c>try</c>.</param>
internal sealed class ToolSources(int starter, ToolEnvironment environment, RunnerHost host)
{
    private const string Deleted = " (deleted)";

    /// <exception cref="SystemFailureException"><see cref="ErrorCodes.ToolNotDelivered"/>: it is not there, or cannot be read.</exception>
    public HostTool Find(ToolSettings tool)
    {
        try
        {
            return tool.Source is { } source ? HostTool.Look(source.Name, source, source.Value, tool.Target) : FindRunner(tool.Target);
        }
        catch (Exception e) when (HostFileException.Explains(e) || e is ToolMissingException)
        {
            throw new SystemFailureException(
                ErrorCodes.ToolNotDelivered,
                $"'{tool.Source?.Value ?? ToolSettings.GitLabRunner}' of the image's tools cannot be put into the guest: {e.Message}",
                tool.Source is null
                    ? "Name the runner's executable by its path under 'tools', or put it into the PATH of the runner's service."
                    : "Correct 'tools' in the image's YAML, or let the runner's user read it.",
                e);
        }
    }

    /// <summary>
    /// Finds the runner's executable: the runner that started us, even if an update has exchanged its file since, because the job's
    /// scripts are made for that version. Else one that runs on this host, so that publishing puts onto the disk what jobs look for. Else
    /// the one in PATH.
    /// </summary>
    private HostTool FindRunner(string target)
    {
        if ((LookRunning($"/proc/{starter.ToString(CultureInfo.InvariantCulture)}/exe", target) ?? LookRunning(GitLabRunner.Find(host)?.Process?.Child("exe").Value, target)) is { } running)
        {
            return running;
        }

        var found = environment.Find(ToolSettings.GitLabRunner);
        var path = HostFile.FinalTarget(found) ?? found;
        return HostTool.Look(ToolSettings.GitLabRunner, new AbsolutePath(path), path, target);
    }

    /// <summary>The executable of a process; null: it is no runner, or what it runs cannot be seen.</summary>
    private static HostTool? LookRunning(string? link, string target) =>
        link is not null && Executable(link) is { } name && Path.GetFileName(name).StartsWith(ToolSettings.GitLabRunner, StringComparison.Ordinal)
            ? HostTool.Look(ToolSettings.GitLabRunner, new AbsolutePath(link), name, target)
            : null;

    private static string? Executable(string link)
    {
        try
        {
            var name = HostFile.LinkTarget(link);
            return name?.EndsWith(Deleted, StringComparison.Ordinal) == true ? name[..^Deleted.Length] : name;
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            return null;
        }
    }
}
