using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Egress;

/// <summary>Reads what a guest wanted from the log of its name server and from the sets of its table. Both have only what it asked for, so it writes most of them.</summary>
public static partial class EgressReading
{
    /// <summary>A log never gets longer: the kernel ends its writer.</summary>
    public const int LongestLog = 64 << 20;

    /// <summary>Names of addresses that are remembered; a refused address without one is told as a number.</summary>
    private const int MostAddresses = 10_000;

    /// <summary>An answer comes soon after its question.</summary>
    private const int MostQuestions = 1000;

    private const string Odd = "a name with odd characters";

    /// <summary>Reads a part of the log, and what the sets have counted since they were read last.</summary>
    /// <param name="policy">The policy, which tells allowed names from others.</param>
    /// <param name="log">Lines of the log of dnsmasq.</param>
    /// <param name="listing">The answer of nft to <see cref="EgressPlace.ListArguments"/>; empty: there is none.</param>
    /// <param name="progress">The state after the last reading; it is changed.</param>
    /// <returns>The destinations of this part alone.</returns>
    public static EgressNotes Read(EgressPolicy policy, string log, string listing, EgressProgress progress)
    {
        var allowed = new Dictionary<string, long>(StringComparer.Ordinal);
        var refused = new Dictionary<string, long>(StringComparer.Ordinal);
        var (names, questions) = (progress.Names, progress.Questions);
        foreach (var line in log.AsSpan().EnumerateLines())
        {
            // Most lines are forwardings and additions to sets.
            if (!line.Contains("query[", StringComparison.Ordinal) && !line.Contains("reply ", StringComparison.Ordinal))
            {
                continue;
            }

            if (Line().Match(line.ToString()) is not { Success: true } entry)
            {
                continue;
            }

            if (entry.Groups["type"].Success)
            {
                var asked = NameOf(entry.Groups["name"].Value);
                if (questions.Count >= MostQuestions)
                {
                    questions.Clear();
                }

                questions[entry.Groups["serial"].Value] = asked;
                var (counts, isRoom) = policy.AllowsName(asked) ? (allowed, allowed.Count < 2 * EgressNotes.Most) : (refused, refused.Count < 2 * EgressNotes.Most);
                if (isRoom || counts.ContainsKey(asked))
                {
                    counts[asked] = counts.GetValueOrDefault(asked) + 1;
                }
            }
            else if (names.Count < MostAddresses && questions.TryGetValue(entry.Groups["serial"].Value, out var of))
            {
                names[entry.Groups["address"].Value] = of;
            }
        }

        var elements = Elements(listing);
        if (listing.Length > 0)
        {
            // Sets that began anew have others, and what is remembered must not grow with each beginning.
            var there = elements.Select(one => Key(one.Address, one.Protocol, one.Port)).ToHashSet(StringComparer.Ordinal);
            progress.Packets.Keys.Where(key => !there.Contains(key)).ToList().ForEach(key => progress.Packets.Remove(key));
        }

        foreach (var (address, protocol, port, packets) in elements)
        {
            var element = Key(address, protocol, port);
            var before = progress.Packets.GetValueOrDefault(element);
            progress.Packets[element] = packets;
            if (packets == before)
            {
                continue;
            }

            // The sets begin anew where the rules were put back.
            var more = packets > before ? packets - before : packets;
            var where = names.TryGetValue(address, out var name) ? $"{name}{Suffix(protocol, port)} ({address})" : $"{Bracketed(address, port)}{Suffix(protocol, port)}";
            refused[where] = refused.GetValueOrDefault(where) + more;
        }

        return EgressNotes.None(policy) with
        {
            Allowed = Sorted(allowed),
            Refused = Sorted(refused),
            AreCut = allowed.Count > EgressNotes.Most || refused.Count > EgressNotes.Most,
        };
    }

    private static SortedDictionary<string, long> Sorted(Dictionary<string, long> counts) =>
        new(counts.OrderByDescending(count => count.Value).Take(EgressNotes.Most).ToDictionary(), StringComparer.Ordinal);

    private static string Key(string address, string protocol, int? port) => $"{address} {Suffix(protocol, port)}";

    private static string NameOf(string text) => Plain().IsMatch(text) ? text.ToLowerInvariant() : Odd;

    private static string Suffix(string protocol, int? port) => port is { } number
        ? string.Create(CultureInfo.InvariantCulture, $":{number}{(protocol == "tcp" ? "" : $"/{protocol}")}")
        : $" ({protocol})";

    private static string Bracketed(string address, int? port) => port is not null && address.Contains(':', StringComparison.Ordinal) ? $"[{address}]" : address;

    /// <summary>The elements of the sets of what was refused; nothing of a listing in a form that is not known.</summary>
    private static IReadOnlyList<(string Address, string Protocol, int? Port, long Packets)> Elements(string listing)
    {
        try
        {
            return
            [
                .. ForeignJson.Parse(listing.Length == 0 ? "{\"nftables\": []}" : listing).GetProperty("nftables").EnumerateArray()
                    .Where(one => one.TryGetProperty("set", out var set) && set.GetProperty("name").GetString() is { } name && name.StartsWith(EgressTable.Refused, StringComparison.Ordinal) && set.TryGetProperty("elem", out _))
                    .SelectMany(one => one.GetProperty("set").GetProperty("elem").EnumerateArray().Select(Element)),
            ];
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or IndexOutOfRangeException)
        {
            return [];
        }
    }

    /// <summary>An element with a counter is wrapped once more than one without.</summary>
    private static (string Address, string Protocol, int? Port, long Packets) Element(JsonElement element)
    {
        var isWrapped = element.TryGetProperty("elem", out var inner);
        var parts = (isWrapped ? inner.GetProperty("val") : element).GetProperty("concat");
        var packets = isWrapped && inner.TryGetProperty("counter", out var counter) ? counter.GetProperty("packets").GetInt64() : 1;
        return (parts[0].ToString(), parts[1].ToString(), parts.GetArrayLength() > 2 ? parts[2].GetInt32() : null, packets);
    }

    /// <summary>A line of dnsmasq with log-queries=extra. A name is whatever the guest sent, so it is taken between what dnsmasq itself writes before and behind it.</summary>
    [GeneratedRegex(@"\A\S+ +[0-9]+ [0-9:]+ dnsmasq\[[0-9]+\]: (?<serial>[0-9]+) [0-9a-f.:]+/[0-9]+ (?:query\[(?<type>[^\]]*)\] (?<name>.*) from [0-9a-f.:]+|reply .* is (?<address>[0-9a-f.:]+))\z")]
    private static partial Regex Line();

    [GeneratedRegex(@"\A[A-Za-z0-9._-]{1,253}\z")]
    private static partial Regex Plain();
}
