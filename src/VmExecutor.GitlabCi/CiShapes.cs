using System.Globalization;
using VmExecutor.Core.Configuration.Binding;

namespace VmExecutor.GitlabCi;

/// <summary>
/// The shape that each keyword of a job must have, by GitLab's own rules and in its words (lib/gitlab/ci/config/entry), for the keywords whose value is
/// read nowhere else. A value that was not read is right.
/// </summary>
internal static class CiShapes
{
    private const string Texts = "should be an array of strings";
    private const string Map = "should be a hash";
    private const string MapOrList = "can only be a hash or an array";
    private const int MostRetries = 2;
    private static readonly string[] NotWithRules = ["only", "except", "start_in"];
    private static readonly string[] NotWithScript = ["trigger", "run"];

    private static readonly Dictionary<string, Func<CiNode, string?>> Rules = new(StringComparer.Ordinal)
    {
        ["cache"] = node => node is CiMap || (node is CiList list && list.Items.All(item => item is CiMap or CiUnknown or CiList)) ? null : "must be a hash or an array of hashes",
        ["coverage"] = node => IsText(node) && ((CiScalar)node).Text.TrimEnd('i', 's', 'm', 'U') is ['/', .., '/'] ? null : "must be a regular expression with re2 syntax, such as '/Coverage: \\d+/'",
        ["dependencies"] = node => AreTexts(node) ? null : Texts,
        ["environment"] = node => IsText(node) || node is CiMap ? null : "should be a hash or a string",
        ["except"] = Policy,
        ["hooks"] = node => node is CiMap ? null : Map,
        ["id_tokens"] = node => node is CiMap ? null : Map,
        ["image"] = node => IsText(node) || node is CiMap ? null : "should be a hash or a string",
        ["inputs"] = node => node is CiMap ? null : Map,
        ["interruptible"] = node => node is CiScalar { Kind: CiKind.Boolean } ? null : "should be a boolean value",
        ["manual_confirmation"] = node => IsText(node) ? null : "should be a string",
        ["needs"] = Needs,
        ["only"] = Policy,
        ["pages"] = node => node is CiMap or CiScalar { Kind: CiKind.Boolean } ? null : "should be a hash or a boolean value",
        ["publish"] = node => IsText(node) ? null : "should be a string",
        ["release"] = node => node is CiMap ? null : Map,
        ["resource_group"] = node => IsText(node) ? null : "should be a string",
        ["retry"] = Retry,
        ["rules"] = node => node is CiList list && AreMaps(list, depth: 0) ? null : "should be an array containing hashes and arrays of hashes",
        ["secrets"] = node => node is CiMap ? null : Map,
        ["services"] = node => node is CiList list && list.Items.All(item => IsText(item) || item is CiMap or CiList) ? null : "should be an array of services, each a name or a hash with 'name'",
        ["stage"] = node => IsText(node) ? null : "should be a string",
        ["tags"] = node => node is CiList list && list.Items.All(item => IsText(item) || AreTexts(item)) ? null : Texts,
        ["when"] = node => node is CiScalar { Text: "on_success" or "on_failure" or "always" or "manual" or "delayed", IsText: true } ? null
            : "should be one of: on_success, on_failure, always, manual, delayed",
    };

    /// <summary>Reports each keyword whose value GitLab would refuse.</summary>
    public static void Check(CiMap job, string name, CiFindings findings)
    {
        foreach (var entry in job.Entries.Where(entry => entry.HasTextKey && entry.Value is not (CiScalar { IsNull: true } or CiUnknown)))
        {
            if (Rules.TryGetValue(entry.Key, out var rule) && rule(entry.Value) is { } problem)
            {
                findings.Wrong(entry.Value.At, $"{name}.{entry.Key}", $"config {problem}{(entry.Value is CiScalar scalar ? $": {scalar.Described}" : "")}");
            }
        }

        CheckTogether(job, name, findings);
    }

    private static void CheckTogether(CiMap job, string name, CiFindings findings)
    {
        if (job.Get("rules") is not null)
        {
            foreach (var policy in NotWithRules.Select(job.Find).Where(entry => entry is { Value: not CiScalar { IsNull: true } }))
            {
                findings.Wrong(policy!.KeyAt, $"{name}.{policy.Key}", $"key may not be used with `rules`: {policy.Key}");
            }
        }

        foreach (var other in NotWithScript.Where(other => job.Find("script") is not null && job.Find(other) is not null))
        {
            findings.Wrong(job.Find(other)!.KeyAt, name, $"config these keys cannot be used together: script, {other}");
        }

        if (job.Get("start_in") is { } delay && job.Get("when") is not (CiScalar { Text: "delayed" } or CiUnknown) && job.Get("rules") is null)
        {
            findings.Wrong(delay.At, $"{name}.start_in", "start in must be blank: it goes with 'when: delayed'");
        }
    }

    private static bool IsText(CiNode node) => node is CiScalar { IsText: true };

    private static bool AreTexts(CiNode node) => node is CiList list && list.Items.All(IsText);

    private static bool AreMaps(CiList list, int depth) =>
        depth <= CiValues.DeepestScript && list.Items.All(item => item is CiMap || (item is CiList inner && AreMaps(inner, depth + 1)));

    private static string? Policy(CiNode node) => node is CiMap || AreTexts(node) ? null : "has to be either an array of conditions or a hash";

    private static string? Needs(CiNode node) => node switch
    {
        CiMap => null,
        CiList list when list.Items.All(item => IsText(item) || item is CiMap or CiList) => null,
        CiList => "need should be a string or a hash with 'job'",
        _ => MapOrList,
    };

    private static string? Retry(CiNode node) => node switch
    {
        CiMap map when map.Entries.FirstOrDefault(entry => entry.Key is not ("max" or "when" or "exit_codes")) is { } unknown => $"contains unknown keys: {Quote.Plain(unknown.Key)}",
        CiMap map => map.Get("max") is { } max ? Retry(max) : null,
        CiScalar { Kind: CiKind.Integer } number => int.TryParse(number.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var times) && times is >= 0 and <= MostRetries ? null
            : $"must be less than or equal to {MostRetries}",
        _ => "has to be either an integer or a hash",
    };
}
