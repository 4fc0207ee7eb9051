namespace VmExecutor.Core.Observing;

/// <summary>
/// The starts of an image's VMs, counted over the lines that the ledger still has: they show whether templates are of use.
/// </summary>
/// <param name="Warm">How many woke up from a template.</param>
/// <param name="Cold">How many booted.</param>
/// <param name="Reasons">How many booted for which reason (<c>no_template</c>), the most frequent first; without reasons of images that want no template.</param>
/// <param name="Since">The oldest of them.</param>
public sealed record StartCounts(int Warm, int Cold, IReadOnlyList<(string Word, int Count)> Reasons, DateTimeOffset? Since)
{
    public static readonly StartCounts None = new(0, 0, [], null);

    /// <summary>By the image's name; a VM whose guest never was ready has no start that counts.</summary>
    public static IReadOnlyDictionary<string, StartCounts> ByImage(IEnumerable<LedgerEntry> entries)
    {
        var tallies = new Dictionary<string, Tally>(StringComparer.Ordinal);
        foreach (var entry in entries)
        {
            if (entry is { Image: { } image, Ready: { } ready })
            {
                if (!tallies.TryGetValue(image, out var tally))
                {
                    tallies[image] = tally = new Tally(ready);
                }

                tally.Add(entry, ready);
            }
        }

        return tallies.ToDictionary(pair => pair.Key, pair => pair.Value.Counts(), StringComparer.Ordinal);
    }

    /// <summary><c>warm 120, cold 3: 2 no_template, 1 timed_out</c>.</summary>
    public override string ToString()
    {
        var unwanted = Cold - Reasons.Sum(reason => reason.Count);
        var parts = Reasons.Select(reason => $"{reason.Count} {reason.Word}").ToList();
        if (unwanted > 0)
        {
            parts.Add($"{unwanted} with warm off");
        }

        return $"warm {Warm}, cold {Cold}{(parts.Count == 0 ? "" : $": {string.Join(", ", parts)}")}";
    }

    private sealed class Tally(DateTimeOffset first)
    {
        private readonly Dictionary<string, int> _reasons = new(StringComparer.Ordinal);
        private DateTimeOffset _since = first;
        private int _warm;
        private int _cold;

        public void Add(LedgerEntry entry, DateTimeOffset ready)
        {
            _since = ready < _since ? ready : _since;
            if (entry.Start == "warm")
            {
                _warm++;
                return;
            }

            _cold++;
            if (entry.ColdReason is { } word)
            {
                _reasons[word] = _reasons.GetValueOrDefault(word) + 1;
            }
        }

        public StartCounts Counts() => new(
            _warm,
            _cold,
            [.. _reasons.OrderByDescending(reason => reason.Value).ThenBy(reason => reason.Key, StringComparer.Ordinal).Select(reason => (reason.Key, reason.Value))],
            _since);
    }
}
