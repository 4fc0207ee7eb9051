using System.Globalization;
using System.Text.RegularExpressions;
using VmExecutor.Core.Values;
using VmExecutor.GitlabCi;
using VmExecutor.Host.Processes;

namespace VmExecutor.Trials;

/// <summary>git's facts about a repository at a desk.</summary>
/// <param name="Top">Its top directory.</param>
/// <param name="ProjectPath">As GitLab would have it, after the remote's address.</param>
/// <param name="Commit">Null: there is none yet.</param>
/// <param name="Changes">How many files are not as they were committed.</param>
internal sealed partial record TrialRepository(AbsolutePath Top, string ProjectPath, CiCommit? Commit, int Changes)
{
    private const string Separator = "%x00";
    private const string Ending = ".git";

    /// <summary>Null: the directory is in no repository, or git does not work there.</summary>
    public static async Task<TrialRepository?> ReadAsync(IToolRunner tools, AbsolutePath directory, CancellationToken cancellationToken)
    {
        async Task<string?> Git(params string[] arguments)
        {
            // Without the option 'git status' may write the index anew.
            var done = await tools.RunAsync(new ToolCall("git", ["--no-optional-locks", "-C", directory.Value, .. arguments]), cancellationToken);
            return done.ExitCode == 0 ? done.StandardOutput.TrimEnd('\n') : null;
        }

        if (!AbsolutePath.TryParse(await Git("rev-parse", "--show-toplevel"), out var top))
        {
            return null;
        }

        var branch = await Git("symbolic-ref", "--quiet", "--short", "HEAD");
        var main = await Git("symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD");
        var tag = await Git("describe", "--tags", "--exact-match", "HEAD");
        var commit = await Git("log", "-1", $"--format=%H{Separator}%an <%ae>{Separator}%cI{Separator}%B") is { } said && said.Split('\0') is [var sha, var author, var date, var message]
            ? new CiCommit(sha, branch, tag, main is null ? null : main[(main.IndexOf('/', StringComparison.Ordinal) + 1)..], author, date, message)
            : null;
        var changes = (await Git("status", "--porcelain"))?.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length ?? 0;
        return new TrialRepository(top, PathOf(await Git("config", "--get", "remote.origin.url"), top), commit, changes);
    }

    /// <summary>The remote's <c>group/project</c>; without a usable one <c>local/NAME</c>.</summary>
    internal static string PathOf(string? remote, AbsolutePath top)
    {
        if (remote is not null && Remote().Match(remote) is { Success: true } found)
        {
            var path = found.Groups["path"].Value;
            return path.EndsWith(Ending, StringComparison.Ordinal) && path.Length > Ending.Length ? path[..^Ending.Length] : path;
        }

        var name = new string([.. top.Name.Select(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-' ? c : '-')]).TrimStart('-', '.');
        return string.Create(CultureInfo.InvariantCulture, $"local/{(name.Length == 0 ? "project" : name)}");
    }

    // https://host/group/project.git, ssh://git@host:22/group/project, git@host:group/project.git: a path that is fit for a directory.
    [GeneratedRegex(@"\A(?:(?:https?|ssh|git)://[^/]+/|[^/:]+@[^/:]+:)/?(?<path>[A-Za-z0-9_][A-Za-z0-9_.-]*(?:/[A-Za-z0-9_][A-Za-z0-9_.-]*)+)/?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Remote();
}
