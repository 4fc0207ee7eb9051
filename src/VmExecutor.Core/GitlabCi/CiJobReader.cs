using VmExecutor.Core.Configuration;
using VmExecutor.Core.Configuration.Binding;

namespace VmExecutor.Core.GitlabCi;

/// <summary>From a job's mapping, extended and without references, to the job; errors and what is not honoured are gathered.</summary>
internal sealed class CiJobReader(string name, CiMap own, CiMap globals, ErrorList errors)
{
    private readonly List<ConfigurationWarning> _warnings = [];

    public CiJob Read()
    {
        CheckKeywords();
        var inherit = new CiInherit(own.Get("inherit"), $"{name}.inherit", errors);
        var job = WithDefaults(inherit);
        var values = new CiValues(name, errors);
        var script = values.Script(job.Find("script"));
        if (script is null && !CiKeywords.Impossible.Keys.Any(key => own.Get(key) is not null))
        {
            errors.Add(own.At, $"{name}.script", "is missing; a job needs 'script:' with what it does");
        }

        foreach (var entry in job.Entries)
        {
            Note(entry);
        }

        if (globals.Get("workflow") is { } workflow)
        {
            Warn(workflow.At, "workflow", "is not evaluated: the job runs in any case, and variables of its rules are not set");
        }

        return new CiJob
        {
            Name = name,
            Stage = values.Text(job.Find("stage")) ?? "test",
            Image = Image(job.Find("image"), values),
            BeforeScript = values.Script(job.Find("before_script")) ?? [],
            Script = script ?? [],
            AfterScript = values.Script(job.Find("after_script")) ?? [],
            Variables = new CiVariables(errors).Join(globals.Find("variables"), inherit, own.Find("variables"), name),
            Timeout = values.Duration(job.Find("timeout")),
            Artifacts = new CiArtifactsReader(values, Warn).Read(job.Find("artifacts")),
            AllowFailure = values.AllowFailure(job.Find("allow_failure")),
            Warnings = _warnings,
        };
    }

    private void CheckKeywords()
    {
        foreach (var entry in own.Entries.Where(entry => !CiKeywords.OfJob.Contains(entry.Key)))
        {
            errors.Add(entry.KeyAt, $"{name}.{entry.Key}", Suggestion.For(entry.Key, CiKeywords.OfJob) is { } meant
                ? $"is no keyword of GitLab; did you mean '{meant}'?"
                : "is no keyword of GitLab for a job");
        }

        foreach (var (keyword, why) in CiKeywords.Impossible)
        {
            if (own.Get(keyword) is { } found)
            {
                errors.Add(found.At, $"{name}.{keyword}", why);
            }
        }
    }

    /// <summary>The job, with what it does not say itself from <c>default:</c> or the top; never merged, always as a whole.</summary>
    private CiMap WithDefaults(CiInherit inherit)
    {
        var defaults = globals.Get("default") as CiMap;
        if (globals.Find("default") is { Value: not (CiMap or CiScalar { IsNull: true }) } wrong)
        {
            errors.Add(wrong.Value.At, "default", "takes a mapping of keywords");
        }

        foreach (var entry in defaults?.Entries.Where(entry => !CiKeywords.OfDefault.Contains(entry.Key)) ?? [])
        {
            errors.Add(entry.KeyAt, $"default.{entry.Key}", $"cannot have a default; 'default:' takes {Quote.AnyOf(CiKeywords.OfDefault)}");
        }

        var entries = own.Entries.Where(entry => entry.Value is not CiScalar { IsNull: true }).ToList();
        foreach (var keyword in CiKeywords.OfDefault.Where(keyword => own.Get(keyword) is null && inherit.Default(keyword)))
        {
            var found = defaults?.Get(keyword) is not null ? defaults.Find(keyword)
                : CiKeywords.DefaultsAtTop.Contains(keyword) && globals.Get(keyword) is not null ? globals.Find(keyword) : null;
            if (found is not null)
            {
                entries.Add(found);
            }
        }

        return own with { Entries = entries };
    }

    private string? Image(CiEntry? image, CiValues values)
    {
        if (image?.Value is not CiMap map)
        {
            return values.Text(image);
        }

        foreach (var entry in map.Entries.Where(entry => entry.Key != "name"))
        {
            Warn(entry.KeyAt, $"image.{entry.Key}", "means something to containers only");
        }

        return values.Text(map.Find("name"));
    }

    private void Note(CiEntry entry)
    {
        if (entry.Value is not (CiList { Items.Count: 0 } or CiMap { Entries.Count: 0 } or CiScalar { Truth: false }) && CiKeywords.NotHonoured.TryGetValue(entry.Key, out var what))
        {
            Warn(entry.KeyAt, entry.Key, what);
        }
    }

    private void Warn(Position at, string key, string message) => _warnings.Add(new ConfigurationWarning(at.File, at.Line, at.Column, Quote.Plain(key), message));
}
