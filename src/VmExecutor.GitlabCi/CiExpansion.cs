using System.Text.RegularExpressions;

namespace VmExecutor.GitlabCi;

/// <summary>
/// References in variables' values. First GitLab puts in the values of other variables, however deep, for <c>$NAME</c>, <c>${NAME}</c> and
/// <c>%NAME%</c>, and leaves unknown names alone (its lib/gitlab/ci/variables/collection.rb); then the runner goes over the result once
/// (<see cref="RunnerExpansion"/>) (https://docs.gitlab.com/ci/variables/where_variables_can_be_used/).
/// </summary>
public static partial class CiExpansion
{
    /// <summary>More than any variable has; a value that names another often, and so on, would fill the memory.</summary>
    internal const int Longest = 1 << 20;

    /// <summary>All with their values; of two with one name the last counts.</summary>
    public static IReadOnlyList<CiVariable> Expand(IEnumerable<CiVariable> variables)
    {
        var known = ByName(variables);
        var circular = Cycles(known).SelectMany(names => names).ToHashSet(StringComparer.Ordinal);
        var done = new Dictionary<string, string>(StringComparer.Ordinal);
        var served = known.Values.ToDictionary(variable => variable.Name, variable => Served(variable, known, circular, done), StringComparer.Ordinal);
        return [.. known.Values.Select(variable => variable with { Value = variable.Raw ? variable.Value : RunnerExpansion.Expand(served[variable.Name], served) })];
    }

    /// <summary>A text with the values of variables that are expanded already, as the runner does it.</summary>
    public static string Expand(string text, IReadOnlyDictionary<string, string> values) => RunnerExpansion.Expand(text, values);

    /// <summary>Groups of variables that name each other in a circle: GitLab makes no pipeline with them. A variable that names itself is none.</summary>
    public static IReadOnlyList<IReadOnlyList<string>> Cycles(IEnumerable<CiVariable> variables) => Cycles(ByName(variables));

    /// <summary>Known variables are put in, others stay as they are.</summary>
    internal static string ExpandKnown(string text, IReadOnlyDictionary<string, string> values) => Replace(text, name => values.GetValueOrDefault(name));

    /// <summary>Known variables are put in, others are empty.</summary>
    internal static string ExpandAll(string text, IReadOnlyDictionary<string, string> values) => Replace(text, name => values.GetValueOrDefault(name, ""));

    /// <summary>The names that a text refers to.</summary>
    internal static IEnumerable<string> Names(string text) => Reference().Matches(text).Select(Name).Where(name => name.Length > 0);

    private static Dictionary<string, CiVariable> ByName(IEnumerable<CiVariable> variables)
    {
        var known = new Dictionary<string, CiVariable>(StringComparer.Ordinal);
        foreach (var variable in variables)
        {
            known[variable.Name] = variable;
        }

        return known;
    }

    private static string Served(CiVariable variable, Dictionary<string, CiVariable> known, HashSet<string> circular, Dictionary<string, string> done)
    {
        if (variable.Raw || circular.Contains(variable.Name))
        {
            return variable.Value;
        }

        if (done.TryGetValue(variable.Name, out var value))
        {
            return value;
        }

        // Not by a call for each variable that it names: a chain of them may be as long as the file.
        var open = new Stack<CiVariable>([variable]);
        while (open.TryPeek(out var next))
        {
            if (done.ContainsKey(next.Name))
            {
                open.Pop();
                continue;
            }

            var named = Names(next.Value).Where(name => name != next.Name && !done.ContainsKey(name)).Select(known.GetValueOrDefault)
                .OfType<CiVariable>().Where(other => !other.Raw && !circular.Contains(other.Name)).ToList();
            if (named.Count > 0)
            {
                named.ForEach(open.Push);
                continue;
            }

            // Its own name within is left for the runner, as is a raw variable.
            open.Pop();
            done[next.Name] = Replace(next.Value, name =>
                name == next.Name || !known.TryGetValue(name, out var other) || other.Raw ? null : circular.Contains(name) ? other.Value : done[name]);
        }

        return done[variable.Name];
    }

    private static string Replace(string text, Func<string, string?> value)
    {
        if (text.AsSpan().IndexOfAny('$', '%') < 0)
        {
            return text;
        }

        var length = 0;
        var replaced = Reference().Replace(text, reference =>
        {
            var put = length < Longest && Name(reference) is { Length: > 0 } name ? value(name) ?? reference.Value : reference.Value;
            length += put.Length;
            return put;
        });
        return replaced.Length > Longest ? replaced[..Longest] : replaced;
    }

    private static string Name(Match reference) => reference.Groups["name"].Value;

    private static List<IReadOnlyList<string>> Cycles(Dictionary<string, CiVariable> known)
    {
        var leads = known.Values.ToDictionary(
            variable => variable.Name,
            variable => variable.Raw ? [] : Names(variable.Value).Where(name => name != variable.Name && known.ContainsKey(name)).Distinct(StringComparer.Ordinal).ToList(),
            StringComparer.Ordinal);

        var comesFrom = leads.SelectMany(pair => pair.Value.Select(to => (To: to, From: pair.Key))).ToLookup(pair => pair.To, pair => pair.From, StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => group.ToList(), StringComparer.Ordinal);
        var left = WithoutEnds(leads, comesFrom);

        var cycles = new List<IReadOnlyList<string>>();
        var told = new HashSet<string>(StringComparer.Ordinal);
        foreach (var name in known.Keys.Where(left.Contains))
        {
            if (told.Contains(name))
            {
                continue;
            }

            var reached = Reached(name, leads, left);
            if (reached.Contains(name))
            {
                reached.IntersectWith(Reached(name, comesFrom, left));
                List<string> cycle = [name, .. known.Keys.Where(other => other != name && reached.Contains(other))];
                told.UnionWith(cycle);
                cycles.Add(cycle);
            }
        }

        return cycles;
    }

    /// <summary>Without what leads nowhere, and what only leads there: that is in no circle.</summary>
    private static HashSet<string> WithoutEnds(Dictionary<string, List<string>> leads, Dictionary<string, List<string>> comesFrom)
    {
        var left = leads.Keys.ToHashSet(StringComparer.Ordinal);
        var open = leads.ToDictionary(pair => pair.Key, pair => pair.Value.Count, StringComparer.Ordinal);
        var ends = new Stack<string>(open.Where(pair => pair.Value == 0).Select(pair => pair.Key));
        while (ends.TryPop(out var end))
        {
            left.Remove(end);
            foreach (var from in comesFrom.GetValueOrDefault(end, []).Where(from => --open[from] == 0))
            {
                ends.Push(from);
            }
        }

        return left;
    }

    private static HashSet<string> Reached(string from, Dictionary<string, List<string>> leads, HashSet<string> within)
    {
        var reached = new HashSet<string>(StringComparer.Ordinal);
        var open = new Stack<string>([from]);
        while (open.TryPop(out var name))
        {
            foreach (var next in leads.GetValueOrDefault(name, []).Where(within.Contains).Where(reached.Add))
            {
                open.Push(next);
            }
        }

        return reached;
    }

    [GeneratedRegex(@"\$\$|%%|\$(?<name>[a-zA-Z_][a-zA-Z0-9_]*)|\$\{(?<name>[a-zA-Z_][a-zA-Z0-9_]*)\}|%(?<name>[a-zA-Z_][a-zA-Z0-9_]*)%", RegexOptions.CultureInvariant)]
    private static partial Regex Reference();
}
