using VmExecutor.Core.Clones;

namespace VmExecutor.Core.Egress;

/// <summary>The policy of a job as its record keeps it for later stages.</summary>
/// <param name="Policy">The policy's name.</param>
/// <param name="Watches">Nothing is refused.</param>
/// <param name="Allow">The rules as YAML writes them.</param>
public sealed record EgressRecord(string Policy, bool Watches, IReadOnlyList<string> Allow)
{
    /// <summary>The card of the VM on a libvirt network; null: it is in the user-mode network, or its policy was not put up yet.</summary>
    public EgressCard? Card { get; init; }

    /// <summary>True: the VM has no way out but the proxy of each sub-stage (<see cref="ProxyRules"/>), since libvirt is an ordinary user's.</summary>
    public bool ByProxy { get; init; }

    /// <returns>Null: the clone has no policy.</returns>
    public static EgressRecord? Of(ClonePlan plan) =>
        plan.Egress is not { } policy ? null : new(policy.Name, policy.Watches, [.. policy.Rules.Select(rule => rule.ToString())]) { ByProxy = plan.IsRestricted };

    /// <summary>The policy; a rule that cannot be read, from a damaged record, allows nothing.</summary>
    public EgressPolicy ToPolicy() => new(Policy, Watches, [.. Allow.Select(text => EgressRule.TryParse(text, out var rule) ? rule : null).OfType<EgressRule>()]);
}
