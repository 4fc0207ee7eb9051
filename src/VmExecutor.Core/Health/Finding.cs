namespace VmExecutor.Core.Health;

/// <summary>The result of a check; the worst last.</summary>
public enum CheckStatus
{
    Ok,

    /// <summary>It does not apply here, or what it depends on is missing; the finding says which.</summary>
    Skipped,

    /// <summary>Jobs run, but worse than they could, or not under all circumstances.</summary>
    Warning,

    /// <summary>Jobs fail.</summary>
    Problem,
}

/// <summary>One result of a check; a check may have several.</summary>
/// <param name="Check">The check.</param>
/// <param name="Status">The severity.</param>
/// <param name="Found">The fact, in a sentence with names and numbers.</param>
/// <param name="Fix">A command or a line of configuration to copy; null: nothing is to be done.</param>
public sealed record Finding(Check Check, CheckStatus Status, string Found, string? Fix);

/// <summary>All findings of one run, in the order of the checks.</summary>
public sealed record HealthFindings
{
    public HealthFindings(IEnumerable<Finding> findings)
    {
        var order = Checks.All.Index().ToDictionary(one => one.Item.Id, one => one.Index, StringComparer.Ordinal);
        Findings = [.. findings.OrderBy(finding => order[finding.Check.Id])];
    }

    public IReadOnlyList<Finding> Findings { get; }

    public CheckStatus Worst => Findings.Select(finding => finding.Status).DefaultIfEmpty(CheckStatus.Ok).Max();

    public int Count(CheckStatus status) => Findings.Count(finding => finding.Status == status);
}

/// <summary>The words for statuses and topics in reports and JSON.</summary>
public static class StatusText
{
    public static string Name(CheckStatus status) => status.ToString().ToLowerInvariant();

    public static string Name(CheckTopic topic) => topic.ToString().ToLowerInvariant();
}
