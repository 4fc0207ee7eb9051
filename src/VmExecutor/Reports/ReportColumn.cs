using VmExecutor.Live;

namespace VmExecutor.Reports;

/// <summary>A column of a <see cref="ReportTable"/>.</summary>
internal sealed record ReportColumn
{
    private const int LeastText = 10;

    public required string Name { get; init; }

    /// <summary>True: it stands at the right.</summary>
    public bool IsNumber { get; private init; }

    /// <summary>The fewest columns that its cells may be made narrower to; null: they are whole.</summary>
    public int? Least { get; init; }

    /// <summary>True: its cells are broken at spaces, and not cut.</summary>
    public bool IsBroken { get; private init; }

    /// <summary>A name may be cut.</summary>
    public static ReportColumn OfNames(string name) => new() { Name = name, Least = LeastText };

    /// <summary>Words may be in several lines.</summary>
    public static ReportColumn OfWords(string name) => new() { Name = name, Least = LeastText, IsBroken = true };

    /// <summary>A key is copied into commands: it is always whole.</summary>
    public static ReportColumn OfKey(string name) => new() { Name = name };

    /// <inheritdoc cref="OfKey"/>
    public static IEnumerable<ReportColumn> OfKeys(params string[] names) => names.Select(OfKey);

    /// <summary>A number is always whole.</summary>
    public static ReportColumn OfNumber(string name) => new() { Name = name, IsNumber = true };

    /// <inheritdoc cref="OfNumber"/>
    public static IEnumerable<ReportColumn> OfNumbers(params string[] names) => names.Select(OfNumber);

    /// <summary>A cell in so many columns.</summary>
    public IReadOnlyList<string> Lines(string cell, int width) => IsBroken ? CellText.Wrap(cell, width) : [Least is null ? cell : CellText.Cut(cell, width)];
}
