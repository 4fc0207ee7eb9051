using System.Globalization;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using VmExecutor.Host.Processes;

namespace VmExecutor.Host.Guests.Preparation;

/// <summary>Finds what <c>tools</c> names on this host.</summary>
/// <param name="starter">The process that started this one: the runner, in a stage.</param>
/// <param name="environment">Its PATH is searched for a runner otherwise.</param>
internal sealed class ToolSources(int starter, ToolEnvironment environment)
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
    /// The runner that started us, even if its file was exchanged since by an update: the job's scripts are made for that version. Else
    /// the one in PATH, for stages that something else started.
    /// </summary>
    private HostTool FindRunner(string target)
    {
        var link = string.Create(CultureInfo.InvariantCulture, $"/proc/{starter}/exe");
        var name = Executable(link);
        if (Path.GetFileName(name)?.StartsWith(ToolSettings.GitLabRunner, StringComparison.Ordinal) == true)
        {
            return HostTool.Look(ToolSettings.GitLabRunner, new AbsolutePath(link), name!, target);
        }

        var found = environment.Find(ToolSettings.GitLabRunner);
        var path = HostFile.FinalTarget(found) ?? found;
        return HostTool.Look(ToolSettings.GitLabRunner, new AbsolutePath(path), path, target);
    }

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
