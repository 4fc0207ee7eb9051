namespace VmExecutor.Core.Health;

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
