using VmExecutor.Core.Values;

namespace VmExecutor.Core.Health;

/// <summary>Decides what is to be said of what jobs have left.</summary>
public static class LeftoverRules
{
    /// <param name="leftovers">Names of what gc would remove.</param>
    /// <param name="doubts">Sentences on what gc is not sure of.</param>
    public static IReadOnlyList<Finding> Decide(IReadOnlyList<string> leftovers, IReadOnlyList<string> doubts)
    {
        var count = leftovers.Count;
        List<Finding> findings = [.. doubts.Select(doubt => Checks.Leftovers.Warning(doubt, "vm-executor list --leaks"))];
        if (count > 0)
        {
            findings.Add(Checks.Leftovers.Warning(
                $"{Quantity.Of(count, "leftover")} of jobs that are over: {string.Join(", ", leftovers.Take(3))}{(count > 3 ? ", …" : "")}", "vm-executor gc"));
        }

        return findings.Count > 0 ? findings : [Checks.Leftovers.Ok("nothing is left of jobs that are over")];
    }
}
