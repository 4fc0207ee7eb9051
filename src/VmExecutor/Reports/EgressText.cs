using System.Globalization;
using VmExecutor.Core.Egress;
using VmExecutor.Core.Values;

namespace VmExecutor.Reports;

/// <summary>Writes what jobs wanted to reach, for people and for scripts.</summary>
internal static class EgressText
{
    public static IEnumerable<string> Lines(IReadOnlyList<EgressSummary> all)
    {
        if (all.Count == 0)
        {
            yield return "no job with an egress policy has ended in this time (docs/egress.md)";
        }

        foreach (var summary in all)
        {
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"image {summary.Image}, policy '{summary.Policy}' ({(summary.Watches ? "watch" : "enforce")}), {Quantity.Of(summary.Jobs, "job")}");
            foreach (var (what, count) in summary.Allowed.OrderByDescending(entry => entry.Value))
            {
                yield return Line("allowed", what, count);
            }

            foreach (var (what, count) in summary.Refused.OrderByDescending(entry => entry.Value))
            {
                yield return Line(summary.Watches ? "would be refused" : "refused", what, count);
            }

            if (summary.AreCut)
            {
                yield return string.Create(CultureInfo.InvariantCulture, $"  and more: of each job {EgressNotes.Most} are kept");
            }

            if (summary.Watches && summary.AllowList.Count > 0)
            {
                yield return $"  egress: {{allow: [{string.Join(", ", summary.AllowList.Select(rule => $"'{rule}'"))}]}}";
            }
        }
    }

    public static string Json(IReadOnlyList<EgressSummary> all) => JsonText.Write(json =>
    {
        json.WriteStartArray("policies");
        foreach (var summary in all)
        {
            json.WriteStartObject();
            json.WriteString("image", summary.Image);
            json.WriteString("policy", summary.Policy);
            json.WriteString("mode", summary.Watches ? "watch" : "enforce");
            json.WriteNumber("jobs", summary.Jobs);
            foreach (var (name, counts) in new[] { ("allowed", summary.Allowed), ("refused", summary.Refused) })
            {
                json.WriteStartObject(name);
                foreach (var (what, count) in counts)
                {
                    json.WriteNumber(what, count);
                }

                json.WriteEndObject();
            }

            json.WriteBoolean("cut", summary.AreCut);
            json.WriteTexts("allow", summary.AllowList);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    });

    private static string Line(string word, string what, long count) => string.Create(CultureInfo.InvariantCulture, $"  {word,-17}{count,8}  {what}");
}
