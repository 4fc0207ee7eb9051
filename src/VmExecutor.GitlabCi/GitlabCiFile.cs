using VmExecutor.Core.Configuration;
using VmExecutor.Core.Configuration.Binding;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;
using VmExecutor.GitlabCi.Includes;

namespace VmExecutor.GitlabCi;

/// <summary>A <c>.gitlab-ci.yml</c> with the files of the repository that it includes.</summary>
public sealed class GitlabCiFile
{
    private const int MostToldOfOthers = 3;
    private readonly CiMap _root;
    private readonly CiFindings _found;

    private GitlabCiFile(AbsolutePath file, CiMap root, CiFindings found) => (File, _root, _found) = (file, root, found);

    public AbsolutePath File { get; }

    /// <summary>The names of the jobs as GitLab has them, in the order of the file; <c>parallel:</c> makes several of one.</summary>
    public IReadOnlyList<string> Jobs => [.. JobEntries.SelectMany(entry => Variants(entry)).Select(variant => variant.Name)];

    /// <summary>The includes that were not read, each with its place.</summary>
    public IReadOnlyList<ConfigurationWarning> Warnings => _found.Warnings;

    private IEnumerable<CiEntry> JobEntries => _root.Entries.Where(IsJob);

    /// <param name="source">The file.</param>
    /// <param name="repository">The files that it may include, and the values that it may use.</param>
    /// <exception cref="GitlabCiException">It is not YAML, or not of GitLab's shape at the top.</exception>
    public static GitlabCiFile Parse(ConfigurationText source, CiRepository repository)
    {
        var found = new CiFindings();
        var root = new CiIncludes(repository, found, new CiBudget(source.File)).Read(source);
        Throw(found);
        return new GitlabCiFile(source.File, root!, found);
    }

    /// <summary>The job with all that it extends and inherits.</summary>
    /// <exception cref="GitlabCiException">With every error that keeps it from being run.</exception>
    /// <exception cref="SystemFailureException">
    /// <see cref="ErrorCodes.GitlabCiJobUnknown"/>, or <see cref="ErrorCodes.GitlabCiJobAmbiguous"/> where <c>parallel:</c> makes several jobs of it.
    /// </exception>
    public CiJob Job(string name)
    {
        var (entry, variants) = Find(name);
        var found = _found.Apart();
        var job = Read(entry, name, found);
        Throw(found);
        return variants.Count > 1 && !variants.Any(variant => variant.Name == name)
            ? throw Ambiguous(name, variants)
            : job! with { Warnings = [.. _found.Warnings, .. job.Warnings, .. RefusalsOfOthers(entry)] };
    }

    /// <summary>The job of that name, or the jobs that <c>parallel:</c> makes of it.</summary>
    private (CiEntry Entry, IReadOnlyList<CiVariant> Variants) Find(string name)
    {
        // An exact name first: a job may be called 'test 1/2' in the file.
        var exact = JobEntries.FirstOrDefault(entry => entry.Key == name) ?? JobEntries.FirstOrDefault(entry => entry.KeyNode.Written == name);
        var found = exact ?? JobEntries.FirstOrDefault(entry => name.StartsWith(entry.Key, StringComparison.Ordinal) && Variants(entry).Any(variant => variant.Name == name));
        return found is null ? throw Unknown(name) : (found, Variants(found));
    }

    private CiJob? Read(CiEntry entry, string name, CiFindings found)
    {
        var budget = new CiBudget(File);
        if (!entry.HasTextKey)
        {
            found.Wrong(entry.KeyAt, "", $"a job's name should be a text ('name should be a symbol'): {entry.KeyNode.Described}; write it in quotes");
        }

        if (Resolve(entry, found, budget) is not { } job)
        {
            return null;
        }

        var variants = new CiParallel(entry.Key, found).Read(job.Get("parallel"));
        var variant = variants.FirstOrDefault(one => one.Name == name) ?? variants[0];
        return new CiJobReader(variant, job, Globals(found, budget), found).Read();
    }

    private CiMap? Resolve(CiEntry entry, CiFindings found, CiBudget budget)
    {
        var extends = new CiExtends(_root, found, budget);
        return (entry.HasTextKey ? extends.Resolve(entry.Key) : entry.Value as CiMap) is { } map
            ? new CiReferences(_root, extends, found, budget).ResolveKeywords(map)
            : null;
    }

    private IReadOnlyList<CiVariant> Variants(CiEntry entry)
    {
        var found = _found.Apart();
        return new CiParallel(entry.Key, found).Read(Resolve(entry, found, new CiBudget(File))?.Get("parallel"));
    }

    /// <summary>The top without its jobs.</summary>
    private CiMap Globals(CiFindings found, CiBudget budget)
    {
        var globals = new CiReferences(_root, new CiExtends(_root, found, budget), found, budget).ResolveGlobals(_root with { Entries = [.. _root.Entries.Where(IsGlobal)] });
        foreach (var entry in globals.Entries)
        {
            CiDates.Refuse(entry.Value, entry.Key, found);
        }

        return globals;
    }

    private static bool IsGlobal(CiEntry entry) => entry.HasTextKey && CiKeywords.OfFile.Contains(entry.Key) && !(CiKeywords.JobNamesToo.Contains(entry.Key) && LooksLikeJob(entry.Value));

    private static bool IsJob(CiEntry entry) => entry.Value is CiMap && !IsGlobal(entry) && !IsHidden(entry);

    private static bool IsHidden(CiEntry entry) => entry.KeyNode.Written.StartsWith('.');

    private static bool LooksLikeJob(CiNode node) => node is CiMap map && CiKeywords.MakeJob.Any(key => map.Find(key) is not null);

    /// <summary>GitLab looks at a file as a whole; here the errors of what the job does not need are warnings.</summary>
    private IEnumerable<ConfigurationWarning> RefusalsOfOthers(CiEntry job)
    {
        var told = 0;
        foreach (var entry in _root.Entries.Where(entry => entry != job && !IsGlobal(entry)))
        {
            if (told < MostToldOfOthers && Refusal(entry) is { } error)
            {
                told++;
                yield return new ConfigurationWarning(error.File, error.Line, error.Column, error.Key, $"{error.Message} (GitLab refuses the whole file for this; the job here does not need it)");
            }
        }
    }

    private ConfigurationError? Refusal(CiEntry entry)
    {
        var found = _found.Apart();
        try
        {
            if (IsHidden(entry))
            {
                CiDates.Refuse(entry.Value, entry.Key, found);
            }
            else if (!IsJob(entry))
            {
                found.Wrong(entry.KeyAt, entry.KeyNode.Written, "config should implement the script:, run:, or trigger: keyword");
            }
            else
            {
                Read(entry, entry.Key, found);
            }
        }
        catch (SystemFailureException)
        {
            return null;
        }

        // GitLab takes jobs of other pipelines and of steps; and an include that was not read may be all that is missing.
        return found.MissedUnread ? null : found.Errors.Found.FirstOrDefault(error => !CiKeywords.Impossible.Values.Contains(error.Message));
    }

    private SystemFailureException Ambiguous(string name, IReadOnlyList<CiVariant> variants) => new(
        ErrorCodes.GitlabCiJobAmbiguous,
        $"{Quote.Text(name)} of {File} is {variants.Count} jobs by its 'parallel:': {string.Join("; ", variants.Take(20).Select(variant => Quote.Plain(variant.Name)))}{(variants.Count > 20 ? "; …" : "")}",
        $"Name one: --job '{Quote.Plain(variants[0].Name)}'");

    private SystemFailureException Unknown(string name)
    {
        var known = Jobs;
        var jobs = known.Count == 0 ? "it has none" : $"it has: {string.Join(", ", known.Select(Quote.Plain))}";
        var why = name.StartsWith('.') && _root.Find(name) is not null ? "is a hidden job, which others extend and which cannot be run itself" : "is no job";
        var unread = _found.Unread.Count == 0 ? "" : $"; jobs of {Quote.AnyOf([.. _found.Unread.Take(3).Select(Quote.Text)])} are not known, since it is not read here";
        var meant = Suggestion.For(name, known);
        return new SystemFailureException(
            ErrorCodes.GitlabCiJobUnknown,
            $"{Quote.Text(name)} {why} of {File}; {jobs}{unread}",
            meant is null ? "Give one of these: --job NAME" : $"Did you mean --job '{Quote.Plain(meant)}'?");
    }

    private static void Throw(CiFindings found)
    {
        if (found.Errors.Found.Count > 0)
        {
            // A date is refused before anything asks for a text in its place.
            var dates = found.Errors.Found.Where(CiDates.IsRefusal).Select(Place).ToHashSet();
            throw new GitlabCiException(
                [.. found.Errors.Found.Distinct().Where(error => CiDates.IsRefusal(error) || !dates.Contains(Place(error))).OrderBy(error => error.File.Value, StringComparer.Ordinal).ThenBy(error => error.Line).ThenBy(error => error.Column)]);
        }
    }

    private static (AbsolutePath File, int Line, int Column) Place(ConfigurationError error) => (error.File, error.Line, error.Column);
}
