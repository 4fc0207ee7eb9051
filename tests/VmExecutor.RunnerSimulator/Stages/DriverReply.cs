using System.Text.Json;

namespace VmExecutor.RunnerSimulator.Stages;

/// <summary>Config's answer on stdout, read as strictly as the runner does (docs/runner-contract.md section 6).</summary>
public sealed record DriverReply
{
    public static readonly DriverReply Empty = new();

    public string? DriverName { get; init; }

    public string? DriverVersion { get; init; }

    public string? Hostname { get; init; }

    public string? BuildsDirectory { get; init; }

    public string? CacheDirectory { get; init; }

    public bool? BuildsDirectoryIsShared { get; init; }

    public string? Shell { get; init; }

    public IReadOnlyDictionary<string, string> JobEnvironment { get; init; } = new Dictionary<string, string>();

    /// <summary>Nothing at all is an empty answer; anything that is not one JSON object of the right types is an error.</summary>
    /// <exception cref="FormatException">Not JSON, or a wrong type.</exception>
    public static DriverReply Parse(ReadOnlyMemory<byte> output)
    {
        if (output.IsEmpty)
        {
            return Empty;
        }

        try
        {
            using var document = JsonDocument.Parse(output);
            return Read(document.RootElement);
        }
        catch (JsonException exception)
        {
            throw new FormatException($"error while parsing JSON output: {exception.Message}", exception);
        }
    }

    private static DriverReply Read(JsonElement root)
    {
        Require(root, JsonValueKind.Object, "the document");
        var driver = Member(root, "driver", JsonValueKind.Object);
        return new DriverReply
        {
            DriverName = driver is { } named ? Text(named, "name") : null,
            DriverVersion = driver is { } versioned ? Text(versioned, "version") : null,
            Hostname = Text(root, "hostname"),
            BuildsDirectory = Text(root, "builds_dir"),
            CacheDirectory = Text(root, "cache_dir"),
            BuildsDirectoryIsShared = Flag(root, "builds_dir_is_shared"),
            Shell = Text(root, "shell"),
            JobEnvironment = TextMap(root, "job_env"),
        };
    }

    private static Dictionary<string, string> TextMap(JsonElement parent, string name)
    {
        var map = new Dictionary<string, string>();
        if (Member(parent, name, JsonValueKind.Object) is { } members)
        {
            foreach (var member in members.EnumerateObject())
            {
                Require(member.Value, JsonValueKind.String, $"{name}.{member.Name}");
                map[member.Name] = member.Value.GetString()!;
            }
        }

        return map;
    }

    private static string? Text(JsonElement parent, string name) => Member(parent, name, JsonValueKind.String)?.GetString();

    private static bool? Flag(JsonElement parent, string name)
    {
        if (!parent.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        return value.ValueKind is JsonValueKind.True or JsonValueKind.False
            ? value.GetBoolean()
            : throw new FormatException($"{name} must be true or false, is {value.ValueKind}");
    }

    private static JsonElement? Member(JsonElement parent, string name, JsonValueKind kind)
    {
        if (!parent.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        Require(value, kind, name);
        return value;
    }

    private static void Require(JsonElement element, JsonValueKind kind, string what)
    {
        if (element.ValueKind != kind)
        {
            throw new FormatException($"{what} must be of JSON type {kind}, is {element.ValueKind}");
        }
    }
}
