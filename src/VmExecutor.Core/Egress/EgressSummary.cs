using VmExecutor.Core.Observing;

namespace VmExecutor.Core.Egress;

/// <summary>The destinations that the jobs of one policy wanted to reach, added up from the ledger.</summary>
/// <param name="Image">The image of the VMs.</param>
/// <param name="Policy">The policy's name.</param>
/// <param name="Watches">True: nothing was refused.</param>
/// <param name="Jobs">The number of VMs: jobs, and services of jobs that are VMs.</param>
public sealed record EgressSummary(string Image, string Policy, bool Watches, int Jobs)
{
    /// <summary>Names that were allowed, by how often they were asked for.</summary>
    public IReadOnlyDictionary<string, long> Allowed { get; init; } = new Dictionary<string, long>();

    /// <summary>Names and addresses that were refused, or would have been.</summary>
    public IReadOnlyDictionary<string, long> Refused { get; init; } = new Dictionary<string, long>();

    /// <summary>Some job wanted more than are kept of one.</summary>
    public bool AreCut { get; init; }

    /// <summary>
    /// A list for <c>allow:</c> that lets jobs reach all that they asked for: each name, and each address that no name led to, the latter with its port. What no rule can
    /// name, such as a name with odd characters, is left out.
    /// </summary>
    public IReadOnlyList<string> AllowList =>
    [
        .. Allowed.Keys.Concat(Refused.Keys).Where(what => !what.Contains(' ', StringComparison.Ordinal) || what.EndsWith("icmp)", StringComparison.Ordinal) || what.EndsWith("ipv6-icmp)", StringComparison.Ordinal))
            .Select(what => what.Split(' ')[0]).Where(what => EgressRule.TryParse(what, out _)).Select(what => EgressRule.Parse(what).ToString()).Distinct().Order(StringComparer.Ordinal),
    ];

    /// <param name="entries">The ledger.</param>
    /// <param name="image">Only VMs of this image; null: of all.</param>
    /// <param name="since">Only jobs whose VM was removed since then.</param>
    public static IReadOnlyList<EgressSummary> Of(IEnumerable<LedgerEntry> entries, string? image, DateTimeOffset since) =>
    [
        .. entries.Where(entry => entry.Removed >= since)
            .SelectMany(entry => (entry.Services ?? []).Select(service => (service.Image, service.Egress)).Prepend((entry.Image, entry.Egress)))
            .Where(vm => vm.Egress is not null && (image is null || vm.Image == image))
            .GroupBy(vm => (Image: vm.Image ?? "", vm.Egress!.Policy, vm.Egress.Watches))
            .OrderBy(policy => policy.Key.Image, StringComparer.Ordinal).ThenBy(policy => policy.Key.Policy, StringComparer.Ordinal).ThenBy(policy => policy.Key.Watches)
            .Select(policy => new EgressSummary(policy.Key.Image, policy.Key.Policy, policy.Key.Watches, policy.Count())
            {
                Allowed = Sum(policy.Select(vm => vm.Egress!.Allowed)),
                Refused = Sum(policy.Select(vm => vm.Egress!.Refused)),
                AreCut = policy.Any(vm => vm.Egress!.AreCut),
            }),
    ];

    private static SortedDictionary<string, long> Sum(IEnumerable<IReadOnlyDictionary<string, long>> counts) => new(
        counts.SelectMany(one => one).GroupBy(count => count.Key, StringComparer.Ordinal).ToDictionary(what => what.Key, what => what.Aggregate(0L, (sum, count) => Math.Max(count.Value, 0) > long.MaxValue - sum ? long.MaxValue : sum + Math.Max(count.Value, 0)), StringComparer.Ordinal), StringComparer.Ordinal);
}
