namespace VmExecutor.GitlabCi.Artifacts;

/// <summary>Selects the files of a project that are a job's artifacts.</summary>
public sealed class ArtifactSelection
{
    private readonly List<ArtifactGlob> _paths = [];
    private readonly List<ArtifactGlob> _exclude = [];
    private readonly List<string> _refused = [];

    /// <param name="artifacts">What the job says.</param>
    /// <param name="values">Of its variables, expanded.</param>
    /// <param name="projectDirectory">In the guest.</param>
    public ArtifactSelection(CiArtifacts artifacts, IReadOnlyDictionary<string, string> values, string projectDirectory)
    {
        Fill(_paths, artifacts.Paths);
        Fill(_exclude, artifacts.Exclude);

        void Fill(List<ArtifactGlob> globs, IReadOnlyList<string> texts)
        {
            foreach (var text in texts.Select(text => CiExpansion.Expand(text, values)))
            {
                if (ArtifactGlob.TryParse(text, projectDirectory) is { } glob)
                {
                    globs.Add(glob);
                }
                else
                {
                    _refused.Add(text);
                }
            }
        }
    }

    /// <summary>Paths that lead out of the project's directory, or are none.</summary>
    public IReadOnlyList<string> Refused => _refused;

    /// <summary>The directories to look in.</summary>
    public IReadOnlyList<string> Roots => [.. _paths.SelectMany(glob => glob.Roots).Distinct(StringComparer.Ordinal)];

    /// <param name="found">All files below <see cref="Roots"/>, seen from the project's directory.</param>
    /// <param name="untracked">Files that git does not know.</param>
    public ArtifactChoice Choose(IEnumerable<string> found, IEnumerable<string> untracked)
    {
        var all = found.Where(path => _paths.Exists(glob => glob.Covers(path))).Concat(untracked)
            .Where(path => IsSafe(path) && !_exclude.Exists(glob => glob.Matches(path)))
            .Distinct(StringComparer.Ordinal)
            .Order(StringComparer.Ordinal)
            .ToList();
        return new ArtifactChoice(all, [.. _paths.Where(glob => !all.Exists(glob.Covers)).Select(glob => glob.Text)]);
    }

    /// <summary>
    /// True for a file of the project whose name stays below any directory: the guest is not trusted. git's own directory is never an
    /// artifact; a backslash is left out, since tar's list of files reads it in its own way.
    /// </summary>
    public static bool IsSafe(string path) =>
        path.Length is > 0 and <= 4096
        && !path.Contains('\\', StringComparison.Ordinal)
        && !path.Any(char.IsControl)
        && path.Split('/') is [not ".git", ..] segments
        && Array.TrueForAll(segments, segment => segment is not ("" or "." or ".."));
}

/// <summary>The selected artifacts.</summary>
/// <param name="Files">Sorted, seen from the project's directory.</param>
/// <param name="Empty">Paths of the job that no file is like.</param>
public sealed record ArtifactChoice(IReadOnlyList<string> Files, IReadOnlyList<string> Empty);
