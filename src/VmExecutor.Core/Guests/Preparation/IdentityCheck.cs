using System.Globalization;

namespace VmExecutor.Core.Guests.Preparation;

/// <summary>Checks that a woken guest has an identity of its own.</summary>
public static class IdentityCheck
{
    /// <summary>Every difference from the wanted identity, in words; empty: the guest has its identity.</summary>
    /// <param name="wanted">The identity that it was given.</param>
    /// <param name="facts">The identity that it has, by its own answer.</param>
    /// <param name="step">When <see cref="IdentityFacts.Clock"/> was set.</param>
    public static IReadOnlyList<string> Problems(FreshIdentity wanted, IdentityFacts facts, ClockStep step) =>
    [
        .. Clock(facts, step),
        .. facts.ReseededBy is null ? ["its random generator was not reseeded"] : Array.Empty<string>(),
        .. facts.Hostname == wanted.Hostname ? [] : new[] { $"its host name is '{facts.Hostname}', not '{wanted.Hostname}'" },
        .. facts.MachineId is null || wanted.MachineId is null || facts.MachineId == wanted.MachineId ? [] : new[] { $"its machine-id is '{facts.MachineId}', not '{wanted.MachineId}'" },
        .. wanted.LoginKey is null ? [] : Keys(facts),
    ];

    private static IEnumerable<string> Clock(IdentityFacts facts, ClockStep step)
    {
        if (facts.Clock is not { } clock)
        {
            yield return "its clock was not set";
        }
        else if (step.LargestError(clock) is var error && error > ClockStep.Tolerance)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"its clock is off by up to {error.TotalSeconds:0.00} s");
        }
    }

    private static IEnumerable<string> Keys(IdentityFacts facts)
    {
        if (facts.TemplateKeyIn.Count > 0)
        {
            yield return $"the template's login key is still in {string.Join(" and ", facts.TemplateKeyIn)}";
        }

        if (facts.OwnKeyIn.Count == 0)
        {
            yield return "its own login key is in no authorized_keys";
        }
    }
}
