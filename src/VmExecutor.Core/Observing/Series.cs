using System.Globalization;

namespace VmExecutor.Core.Observing;

/// <summary>Names of series as the text format has them (prometheus.io/docs/instrumenting/exposition_formats): <c>name{label="value"}</c>.</summary>
internal static class Series
{
    public static string Of(string name, params ReadOnlySpan<(string Label, string Value)> labels)
    {
        if (labels.IsEmpty)
        {
            return name;
        }

        var parts = new List<string>();
        foreach (var (label, value) in labels)
        {
            parts.Add($"{label}=\"{Escape(value)}\"");
        }

        return $"{name}{{{string.Join(',', parts)}}}";
    }

    public static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    private static string Escape(string value) =>
        value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
}
