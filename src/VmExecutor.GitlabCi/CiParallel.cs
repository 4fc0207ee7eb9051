using System.Globalization;
using VmExecutor.Core.Configuration.Binding;

namespace VmExecutor.GitlabCi;

/// <summary>One of the jobs that <c>parallel:</c> makes of a job; without it there is one.</summary>
/// <param name="Name">As GitLab names it: <c>test 1/3</c>, <c>test: [a, b]</c>.</param>
/// <param name="Group">The name in the file.</param>
/// <param name="Index">CI_NODE_INDEX, from 1; null: the job has no <c>parallel:</c>.</param>
/// <param name="Total">CI_NODE_TOTAL.</param>
/// <param name="Variables">Of the matrix.</param>
internal sealed record CiVariant(string Name, string Group, int? Index, int Total, IReadOnlyList<CiVariable> Variables);

/// <summary>Reads <c>parallel:</c> (GitLab's lib/gitlab/ci/config/normalizer).</summary>
internal sealed class CiParallel(string name, CiFindings findings)
{
    private const int Most = 200;
    private const string Matrix = "matrix";
    private readonly string _path = $"{name}.parallel";

    /// <summary>At least one, also where errors were reported.</summary>
    public IReadOnlyList<CiVariant> Read(CiNode? node)
    {
        IReadOnlyList<CiVariant> single = [new CiVariant(name, name, null, 1, [])];
        switch (node)
        {
            case null or CiScalar { IsNull: true }:
                return single;
            case CiScalar { Kind: CiKind.Integer } number:
                if (int.TryParse(number.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var count) && count is >= 1 and <= Most)
                {
                    return [.. Enumerable.Range(1, count).Select(i => new CiVariant(string.Create(CultureInfo.InvariantCulture, $"{name} {i}/{count}"), name, i, count, []))];
                }

                findings.Wrong(number.At, _path, $"config must be {(number.Text.StartsWith('-') || number.Text == "0" ? "greater than or equal to 1" : $"less than or equal to {Most}")}");
                return single;
            case CiMap map:
                foreach (var unknown in map.Entries.Where(entry => entry.Key != Matrix))
                {
                    findings.Wrong(unknown.KeyAt, _path, $"config contains unknown keys: {Quote.Plain(unknown.Key)}");
                }

                var variants = OfMatrix(map.Get(Matrix), map.At);
                return variants.Count == 0 ? single : variants;
            default:
                findings.Wrong(node.At, _path, "should be a hash or an integer");
                return single;
        }
    }

    private IReadOnlyList<CiVariant> OfMatrix(CiNode? matrix, Position at)
    {
        if (matrix is not CiList { Items.Count: > 0 } list || !list.Items.All(item => item is CiMap { Entries.Count: > 0 }))
        {
            findings.Wrong(matrix?.At ?? at, $"{_path}.{Matrix}", "config should be an array of hashes");
            return [];
        }

        var rows = new List<IReadOnlyList<CiVariable>>();
        foreach (var map in list.Items.Cast<CiMap>())
        {
            IEnumerable<IReadOnlyList<CiVariable>> combined = [[]];
            var size = 1L;
            foreach (var entry in map.Entries)
            {
                if (Values(entry) is not { } values)
                {
                    return [];
                }

                size *= values.Count;
                combined = [.. combined.Take(Most + 1).SelectMany(row => values.Select(value => (IReadOnlyList<CiVariable>)[.. row, new CiVariable(entry.Key, value)]))];
            }

            if (size + rows.Count > Most)
            {
                findings.Wrong(map.At, $"{_path}.{Matrix}", $"config generates too many jobs (maximum is {Most})");
                return [];
            }

            rows.AddRange(combined);
        }

        return [.. rows.Select((row, i) => new CiVariant($"{name}: [{string.Join(", ", row.Select(variable => variable.Value))}]", name, i + 1, rows.Count, row))];
    }

    private List<string>? Values(CiEntry entry)
    {
        var items = entry.Value is CiList list ? list.Items : [entry.Value];
        if (!CiVariables.IsName(entry.Key) || !entry.HasTextKey)
        {
            findings.Wrong(entry.KeyAt, $"{_path}.{Matrix}.{entry.Key}", "is no name that a shell can have; use letters, digits and '_'");
            return null;
        }

        if (items.Count > 0 && items.All(item => item is CiScalar { IsAlphanumeric: true }))
        {
            return [.. items.Cast<CiScalar>().Select(item => item.Text)];
        }

        var wrong = items.FirstOrDefault(item => item is not CiScalar { IsAlphanumeric: true });
        findings.Wrong(
            wrong?.At ?? entry.Value.At,
            $"{_path}.{Matrix}.{entry.Key}",
            $"variables config should be a hash of key value pairs, value can be an array{(wrong is CiScalar scalar ? $": {scalar.Described}; write it in quotes" : "")}");
        return null;
    }
}
