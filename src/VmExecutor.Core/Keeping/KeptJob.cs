using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Keeping;

/// <summary>A failed job whose scripts were kept, as <c>kept.json</c> beside them. The scripts hold secrets, this does not.</summary>
public sealed record KeptJob
{
    public const string RecordName = "kept.json";

    public required string Key { get; init; }

    public required long JobId { get; init; }

    /// <summary>The job's name; null: the runner did not tell it.</summary>
    public string? Name { get; init; }

    public string? Project { get; init; }

    public required string Image { get; init; }

    /// <summary>Null: the image was never published.</summary>
    public int? Generation { get; init; }

    /// <summary>The number of processors that it asked for, as it was written.</summary>
    public string? Cpus { get; init; }

    public string? Memory { get; init; }

    public string? Disk { get; init; }

    /// <summary>The project's directory in the guest, where its scripts expect the sources; null: unknown.</summary>
    public string? ProjectDirectory { get; init; }

    /// <summary>The commit that it was to check out; null: unknown.</summary>
    public string? Commit { get; init; }

    public required DateTimeOffset Kept { get; init; }

    public required DateTimeOffset Expires { get; init; }

    /// <summary>In the order in which they ran.</summary>
    public required IReadOnlyList<KeptScript> Scripts { get; init; }

    public string ToJson() => JsonSerializer.Serialize(this, KeptJobContext.Default.KeptJob);

    /// <summary>Null when the text is no such record.</summary>
    public static KeptJob? TryParse(string json) => RecordJson.TryParse(json, KeptJobContext.Default.KeptJob);

    /// <summary>True when a reference means this job: its key, its VM's name, or its id.</summary>
    public bool IsMeantBy(string reference) =>
        reference == Key || reference == $"vmx-{Key}" || reference == JobId.ToString(CultureInfo.InvariantCulture);
}

/// <summary>One kept script.</summary>
/// <param name="SubStage">As the runner called it, cut and made printable.</param>
/// <param name="File">Its name beside the record.</param>
/// <param name="ExitCode">The script's then; null: it did not come to an end of its own.</param>
/// <param name="Failure">The driver's error code or <c>cancelled</c> then.</param>
public sealed record KeptScript(string SubStage, string File, int? ExitCode, string? Failure)
{
    /// <summary>A name for the next script's file, so that their order is that of their names.</summary>
    public static string FileName(int number, string subStage) =>
        string.Create(CultureInfo.InvariantCulture, $"{number:000}-{ScriptRecord.Name(subStage).Replace('?', '_')}");

    /// <summary>Joins the files with the notes of their runs: several runs of one sub-stage are taken in their order.</summary>
    /// <param name="files">By <see cref="FileName"/>, sorted.</param>
    /// <param name="notes">What run has noted.</param>
    public static IReadOnlyList<KeptScript> Join(IEnumerable<string> files, IEnumerable<ScriptRecord> notes)
    {
        var open = notes.ToList();
        var scripts = new List<KeptScript>();
        foreach (var file in files.Where(file => file.Length > 4))
        {
            var note = open.Find(note => FileName(0, note.SubStage)[4..] == file[4..]);
            if (note is not null)
            {
                open.Remove(note);
            }

            scripts.Add(new KeptScript(note?.SubStage ?? file[4..], file, note?.ExitCode, note?.Failure));
        }

        return scripts;
    }
}

[JsonSourceGenerationOptions(
    Converters = [typeof(RecordTimeSpanConverter), typeof(RecordDateConverter), typeof(RecordNumberConverter)],
    WriteIndented = true,
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(KeptJob))]
internal sealed partial class KeptJobContext : JsonSerializerContext;
