using VmExecutor.Core.Configuration.Binding;

namespace VmExecutor.GitlabCi;

/// <summary>The stages of the file: a job's must be one of them.</summary>
internal sealed class CiStage(CiMap globals, CiFindings findings)
{
    public const string Default = "test";
    private static readonly string[] First = [".pre"];
    private static readonly string[] Usual = ["build", Default, "deploy"];

    public void Check(CiEntry? stage, string job)
    {
        var known = Known();
        if (known is null || (stage is not null && stage.Value is not CiScalar { IsText: true }))
        {
            return;
        }

        var chosen = (stage?.Value as CiScalar)?.Text ?? Default;
        if (stage is not null && !known.Contains(chosen))
        {
            findings.Wrong(stage.Value.At, $"{job}.stage", $"chosen stage {Quote.Plain(chosen)} does not exist; available stages are {string.Join(", ", known.Select(Quote.Plain))}");
        }
    }

    /// <summary>Null: an include that was not read may say it, or it is no list, which is told elsewhere.</summary>
    private List<string>? Known()
    {
        switch (globals.Get("stages"))
        {
            case null:
                return findings.Unread.Count > 0 ? null : [.. First, .. Usual, ".post"];
            case CiList list when list.Items.All(item => item is CiScalar { IsText: true }):
                return [.. First.Concat(list.Items.Cast<CiScalar>().Select(item => item.Text)).Append(".post").Distinct(StringComparer.Ordinal)];
            case CiUnknown:
                return null;
            case var wrong:
                findings.Wrong(wrong.At, "stages", "config should be an array of strings");
                return null;
        }
    }
}
