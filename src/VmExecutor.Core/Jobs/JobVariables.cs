using VmExecutor.Core.Values;

namespace VmExecutor.Core.Jobs;

/// <summary>
/// The variables of a job that were asked for by name, and no others: among the rest are secrets. References in values are left as they
/// are written, and a file variable's value is the file's content.
/// </summary>
public sealed class JobVariables
{
    private readonly Dictionary<string, string> _values;

    private JobVariables(Dictionary<string, string> values) => _values = values;

    /// <summary>The values that are there, by name.</summary>
    public IReadOnlyDictionary<string, string> Values => _values;

    /// <param name="utf8">The content of the trusted job response.</param>
    /// <param name="names">The wanted ones.</param>
    /// <exception cref="Failures.SystemFailureException">It is not a job response.</exception>
    public static JobVariables Read(ReadOnlyMemory<byte> utf8, IReadOnlyList<string> names) =>
        new(JobResponse.ReadVariables(utf8, names.ToHashSet(StringComparer.Ordinal).Contains));

    /// <summary>The number of variables; no value, so that none is printed by accident.</summary>
    public override string ToString() => Quantity.Of(_values.Count, "job variable");
}
