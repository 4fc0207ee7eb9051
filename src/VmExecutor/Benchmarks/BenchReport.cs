using System.Text.Json;
using System.Text.Json.Serialization;
using VmExecutor.Core.Benchmarks;
using VmExecutor.Core.Images;

namespace VmExecutor.Benchmarks;

/// <summary>The results of a bench; as JSON durations are in seconds and sizes in bytes.</summary>
internal sealed record BenchReport
{
    public required string Image { get; init; }

    /// <summary>Null: the clones stood on the source.</summary>
    public int? Generation { get; init; }

    public required string Driver { get; init; }

    public required string Host { get; init; }

    public required int HostCpus { get; init; }

    public required DateTimeOffset Measured { get; init; }

    public required int Pairs { get; init; }

    /// <summary>Clones at once.</summary>
    public required int Concurrency { get; init; }

    /// <summary>One for each kind of start.</summary>
    public required IReadOnlyList<Summary> Starts { get; init; }

    /// <summary>The factor by which warm is faster than cold, by the medians of prepare; null: only one of them was measured.</summary>
    public double? WarmIsFasterBy => Median("cold") / Median("warm");

    /// <summary>The factor by which a start from standby is faster than the next best that was measured; null: there is none.</summary>
    public double? StandbyIsFasterBy => (Median("warm") ?? Median("cold")) / Median("standby");

    /// <summary>The least that a job takes; null: it was not measured.</summary>
    public Floor? Floor { get; init; }

    /// <summary>For each budget that was exceeded, a line.</summary>
    public required IReadOnlyList<string> OverBudget { get; init; }

    /// <summary>The starts that were not measured, with the reason.</summary>
    public required IReadOnlyList<string> Remarks { get; init; }

    public static BenchReport Of(
        BenchRequest request, Generation? generation, IReadOnlyList<Summary> starts, Floor? floor, IReadOnlyList<string> remarks, DateTimeOffset now) => new()
        {
            Image = request.Image.Name.Value,
            Generation = generation?.Number,
            Driver = DriverVersion.Text,
            Host = Environment.MachineName,
            HostCpus = Environment.ProcessorCount,
            Measured = now,
            Pairs = request.Pairs,
            Concurrency = request.Concurrency,
            Starts = starts,
            Floor = floor,
            OverBudget = [.. request.Budgets.Select(budget => budget.Excess(starts)).OfType<string>()],
            Remarks = remarks,
        };

    public string ToJson() => JsonSerializer.Serialize(this, BenchReportContext.Default.BenchReport);

    public string ToSvg() => BenchChart.Write(
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"A job that does nothing in image '{Image}': median of {Pairs}, {HostCpus} processors, {Measured:yyyy-MM-dd}"), Starts, Floor);

    private double? Median(string start) => Starts.FirstOrDefault(summary => summary.Start == start)?.PrepareSeconds.Median;
}

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(BenchReport))]
internal sealed partial class BenchReportContext : JsonSerializerContext;
