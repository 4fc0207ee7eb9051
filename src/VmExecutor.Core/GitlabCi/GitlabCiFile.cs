using VmExecutor.Core.Configuration;
using VmExecutor.Core.Configuration.Binding;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.GitlabCi;

/// <summary>A <c>.gitlab-ci.yml</c> with the files of the repository that it includes.</summary>
public sealed class GitlabCiFile
{
    private readonly CiMap _root;
    private readonly CiBudget _budget;
    private readonly IReadOnlyList<ConfigurationWarning> _warnings;

    private GitlabCiFile(AbsolutePath file, CiMap root, CiBudget budget, IReadOnlyList<ConfigurationWarning> warnings) =>
        (File, _root, _budget, _warnings) = (file, root, budget, warnings);

    public AbsolutePath File { get; }

    /// <summary>The names of the jobs that can be run, in the order of the file.</summary>
    public IReadOnlyList<string> Jobs =>
        [.. _root.Entries.Where(entry => entry.Value is CiMap && !CiKeywords.OfFile.Contains(entry.Key) && !entry.Key.StartsWith('.')).Select(entry => entry.Key)];

    /// <param name="source">The file.</param>
    /// <param name="include">The text of a file of the repository, by its path from the repository's top; null: it is not there.</param>
    /// <exception cref="GitlabCiException">It is not YAML, or not of GitLab's shape at the top.</exception>
    public static GitlabCiFile Parse(ConfigurationText source, Func<string, ConfigurationText?> include)
    {
        var errors = new ErrorList([]);
        var budget = new CiBudget(source.File);
        var includes = new CiIncludes(include, errors, budget);
        var root = includes.Read(source);
        Throw(errors);
        return new GitlabCiFile(source.File, root!, budget, includes.Warnings);
    }

    /// <summary>The job with all that it extends and inherits.</summary>
    /// <exception cref="GitlabCiException">With every error that keeps it from being run.</exception>
    /// <exception cref="SystemFailureException"><see cref="ErrorCodes.GitlabCiJobUnknown"/>.</exception>
    public CiJob Job(string name)
    {
        if (_root.Find(name)?.Value is not CiMap || CiKeywords.OfFile.Contains(name) || name.StartsWith('.'))
        {
            throw Unknown(name);
        }

        var errors = new ErrorList([]);
        var extends = new CiExtends(_root, errors, _budget);
        var references = new CiReferences(_root, extends, errors, _budget);
        var job = extends.Resolve(name) is { } map && references.Resolve(map) is CiMap resolved
            ? new CiJobReader(name, resolved, Globals(references), errors).Read()
            : null;
        Throw(errors);
        return job! with { Warnings = [.. _warnings, .. job.Warnings] };
    }

    /// <summary>The top without its jobs.</summary>
    private CiMap Globals(CiReferences references) =>
        _root with { Entries = [.. _root.Entries.Where(entry => CiKeywords.OfFile.Contains(entry.Key)).Select(entry => entry with { Value = references.Resolve(entry.Value) })] };

    private SystemFailureException Unknown(string name)
    {
        var jobs = Jobs.Count == 0 ? "it has none" : $"it has: {string.Join(", ", Jobs.Select(Quote.Plain))}";
        var why = name.StartsWith('.') && _root.Find(name) is not null ? "is a hidden job, which others extend and nobody runs" : "is no job";
        var meant = Suggestion.For(name, Jobs);
        return new SystemFailureException(
            ErrorCodes.GitlabCiJobUnknown,
            $"{Quote.Text(name)} {why} of {File}; {jobs}",
            meant is null ? "Give one of these: --job NAME" : $"Did you mean --job '{Quote.Plain(meant)}'?");
    }

    private static void Throw(ErrorList errors)
    {
        if (errors.Found.Count > 0)
        {
            throw new GitlabCiException(
                [.. errors.Found.Distinct().OrderBy(error => error.File.Value, StringComparer.Ordinal).ThenBy(error => error.Line).ThenBy(error => error.Column)]);
        }
    }
}
