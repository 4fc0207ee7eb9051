using System.Buffers;
using System.Text;
using System.Text.Json;

namespace VmExecutor.Core.Jobs;

/// <summary>The answer that the config stage prints on stdout (docs/runner-contract.md section 6).</summary>
public sealed record DriverAnswer
{
    /// <summary>Name and version, shown by the runner as "Using Custom executor with driver NAME VERSION".</summary>
    public required (string Name, string Version) Driver { get; init; }

    public required string Hostname { get; init; }

    public required string BuildsDir { get; init; }

    public required string CacheDir { get; init; }

    /// <summary><c>bash</c>, <c>sh</c> or <c>pwsh</c>.</summary>
    public required string Shell { get; init; }

    /// <summary>The answer as JSON, written by hand: seven keys need no serializer.</summary>
    public string ToJson()
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteStartObject("driver");
            json.WriteString("name", Driver.Name);
            json.WriteString("version", Driver.Version);
            json.WriteEndObject();
            json.WriteString("hostname", Hostname);
            json.WriteString("builds_dir", BuildsDir);
            json.WriteString("cache_dir", CacheDir);

            // Each job has a VM of its own: the runner need not add its concurrency number to paths.
            json.WriteBoolean("builds_dir_is_shared", false);
            json.WriteString("shell", Shell);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
