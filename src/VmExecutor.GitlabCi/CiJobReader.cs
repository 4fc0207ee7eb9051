using VmExecutor.Core.Configuration.Binding;
using VmExecutor.GitlabCi.Inputs;

namespace VmExecutor.GitlabCi;

/// <summary>From a job's mapping, extended and without references, to the job; errors and what is not honoured are gathered.</summary>
internal sealed class CiJobReader(CiVariant variant, CiMap own, CiMap globals, CiFindings findings)
{
    private const int LongestName = 255;
    private static readonly string[] ImageKeys = ["name", "entrypoint", "ports", "pull_policy", "docker", "kubernetes"];

    private string Name => variant.Group;

    /// <summary>The job as far as it can be read; errors are among the findings.</summary>
    public CiJob Read()
    {
        CheckKeywords();
        CiDates.Refuse(own, Name, findings);
        var inherit = new CiInherit(own.Get("inherit"), $"{Name}.inherit", findings);
        var job = WithDefaults(inherit);
        CiShapes.Check(job, Name, findings);
        new CiStage(globals, findings).Check(job.Find("stage"), Name);
        var values = new CiValues(Name, findings);
        var inputs = new CiJobInputs(Name, own.Find("inputs"), findings);
        var read = new CiJob
        {
            Name = variant.Name,
            Group = variant.Group,
            NodeIndex = variant.Index,
            NodeTotal = variant.Total,
            Stage = own.Get("stage") is CiScalar { IsText: true, Text.Length: > 0 } stage ? stage.Text : CiStage.Default,
            Image = Image(job.Find("image"), values) is { } image ? inputs.Fill(image) : null,
            Services = new CiServicesReader(Name, values, findings).Read(job.Find("services")),
            BeforeScript = inputs.Fill(values.Script(job.Find("before_script")) ?? []),
            Script = inputs.Fill(Script(values)),
            AfterScript = inputs.Fill(values.Script(job.Find("after_script")) ?? []),
            Variables = new CiVariables(findings).Join(globals.Find("variables"), inherit, own.Find("variables"), variant),
            Timeout = values.Duration(job.Find("timeout")),
            Artifacts = new CiArtifactsReader(values, findings.Warn).Read(job.Find("artifacts")) is { } artifacts
                ? artifacts with { Paths = inputs.Fill(artifacts.Paths), Exclude = inputs.Fill(artifacts.Exclude) }
                : null,
            AllowFailure = values.AllowFailure(job.Find("allow_failure")),
        };
        foreach (var entry in job.Entries)
        {
            Note(entry);
        }

        if (globals.Get("workflow") is { } workflow)
        {
            findings.Warn(workflow.At, "workflow", "is not evaluated: the job runs in any case, and variables of its rules are not set");
        }

        return read with { Warnings = findings.Warnings };
    }

    private IReadOnlyList<string> Script(CiValues values)
    {
        if (own.Find("script") is { } script)
        {
            return values.RequiredScript(script);
        }

        if (!CiKeywords.Impossible.Keys.Any(key => own.Find(key) is not null))
        {
            findings.Missing(own.At, $"{Name}.script", "is missing; a job needs 'script:' ('config should implement the script:, run:, or trigger: keyword')", meant: null);
        }

        return [];
    }

    private void CheckKeywords()
    {
        if (Name.Length > LongestName)
        {
            findings.Wrong(own.At, Name, $"name is too long (maximum is {LongestName} characters)");
        }

        foreach (var entry in own.Entries.Where(entry => !entry.HasTextKey || !CiKeywords.OfJob.Contains(entry.Key)))
        {
            findings.Wrong(entry.KeyAt, $"{Name}.{entry.KeyNode.Written}", Suggestion.For(entry.Key, CiKeywords.OfJob) is { } meant && meant != entry.Key
                ? $"is no keyword of GitLab; did you mean '{meant}'? ('config contains unknown keys')"
                : "is no keyword of GitLab for a job ('config contains unknown keys')");
        }

        foreach (var (keyword, why) in CiKeywords.Impossible)
        {
            if (own.Get(keyword) is { } found)
            {
                findings.Wrong(found.At, $"{Name}.{keyword}", why);
            }
        }
    }

    /// <summary>The job, with what it does not say itself from <c>default:</c> or the top; never merged, always as a whole.</summary>
    private CiMap WithDefaults(CiInherit inherit)
    {
        var defaults = globals.Get("default") as CiMap;
        if (globals.Find("default") is { Value: not (CiMap or CiScalar { IsNull: true } or CiUnknown) } wrong)
        {
            findings.Wrong(wrong.Value.At, "default", "config should be a hash: it takes a mapping of keywords");
        }

        foreach (var entry in defaults?.Entries.Where(entry => !CiKeywords.OfDefault.Contains(entry.Key)) ?? [])
        {
            findings.Wrong(entry.KeyAt, $"default.{entry.Key}", $"cannot have a default ('config contains unknown keys'); 'default:' takes {Quote.AnyOf(CiKeywords.OfDefault)}");
        }

        foreach (var keyword in CiKeywords.DefaultsAtTop.Where(keyword => globals.Get(keyword) is not null && defaults?.Get(keyword) is not null))
        {
            findings.Wrong(globals.Find(keyword)!.KeyAt, keyword, "stands at the top and in 'default:'; GitLab takes one of them ('is defined in top-level and `default:` entry')");
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
            // Its shape was looked at already.
            return (image?.Value as CiScalar)?.Text is { Length: > 0 } name ? name : null;
        }

        foreach (var entry in map.Entries.Where(entry => entry.Key != "name"))
        {
            if (ImageKeys.Contains(entry.Key))
            {
                findings.Warn(entry.KeyAt, $"image.{entry.Key}", "means something to containers only");
            }
            else
            {
                values.Wrong(entry, "config contains unknown keys", "image");
            }
        }

        if (map.Get("name") is null)
        {
            findings.Wrong(map.At, $"{Name}.image", "name can't be blank");
        }

        return values.Text(map.Find("name"));
    }

    private void Note(CiEntry entry)
    {
        if (entry.Value is not (CiList { Items.Count: 0 } or CiMap { Entries.Count: 0 } or CiScalar { Truth: false } or CiScalar { Kind: CiKind.Integer, Text: "0" })
            && CiKeywords.NotHonoured.TryGetValue(entry.Key, out var what))
        {
            findings.Warn(entry.KeyAt, entry.Key, what);
        }
    }
}
