namespace VmExecutor.Manual;

/// <summary>A command's description, taken apart: what <c>--help</c> prints as one paragraph.</summary>
/// <param name="Name">Its first sentence, without the full stop.</param>
/// <param name="Prose">All but the examples.</param>
/// <param name="Examples">Command lines.</param>
internal sealed record HelpText(string Name, string Prose, IReadOnlyList<string> Examples)
{
    private const string Mark = "Example: ";

    public static HelpText Of(string? description)
    {
        var parts = (description ?? "").Split(Mark, StringSplitOptions.TrimEntries);
        var end = parts[0].IndexOf(". ", StringComparison.Ordinal);
        return new HelpText(
            (end < 0 ? parts[0] : parts[0][..end]).TrimEnd('.'),
            parts[0],
            [.. parts.Skip(1).Where(example => example.Length > 0)]);
    }
}
