using System.Text.Json;
using System.Text.Json.Serialization;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Jobs;

/// <summary>The note of one run of a script, for the ledger: a line in the job's directory.</summary>
/// <param name="SubStage">As the runner called it, cut and made printable.</param>
/// <param name="Seconds">The seconds that it took.</param>
/// <param name="ExitCode">The script's; null: it did not come to an end of its own.</param>
/// <param name="Failure">The driver's error code or <c>cancelled</c>, where there is no exit code.</param>
public sealed record ScriptRecord(string SubStage, double Seconds, int? ExitCode, string? Failure)
{
    private const int LongestName = 60;

    /// <summary>The most memory that the guest says it used while the script ran, in bytes, without what it can give up at once (page cache); null: it has not said.</summary>
    public long? GuestPeakBytes { get; init; }

    /// <summary>A name that a job's author can influence (<c>step_NAME</c>), fit for logs.</summary>
    public static string Name(string subStage) =>
        new([.. subStage.Take(LongestName).Select(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.' ? c : '?')]);

    public string ToLine() => JsonSerializer.Serialize(this, ScriptRecordContext.Default.ScriptRecord) + "\n";

    /// <summary>Null when the line is not one, or was cut when its writer was killed.</summary>
    public static ScriptRecord? TryParse(string line) => RecordJson.TryParse(line, ScriptRecordContext.Default.ScriptRecord);
}

[JsonSourceGenerationOptions(
    Converters = [typeof(RecordTimeSpanConverter), typeof(RecordDateConverter), typeof(RecordNumberConverter)],
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(ScriptRecord))]
internal sealed partial class ScriptRecordContext : JsonSerializerContext;
