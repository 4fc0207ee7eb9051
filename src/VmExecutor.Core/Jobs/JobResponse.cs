using System.Text.Json;
using VmExecutor.Core.Egress;
using VmExecutor.Core.Failures;

namespace VmExecutor.Core.Jobs;

/// <summary>
/// Reads the trusted copy of the job that the runner leaves in <c>JOB_RESPONSE_FILE</c> (docs/runner-contract.md section 1).
/// Only what the driver needs is read; tokens and the values of all variables but a few stay where they are.
/// </summary>
public static class JobResponse
{
    /// <summary>A response is some kilobytes; past this it is not one.</summary>
    public const int LongestBytes = 64 << 20;

    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromHours(1);
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 64 };

    /// <param name="utf8">The file's content.</param>
    /// <param name="runnerShortToken">The runner's short token; it only tells runners apart, so a wrong one does no harm.</param>
    /// <exception cref="SystemFailureException">It is not a job response.</exception>
    public static Job Parse(ReadOnlyMemory<byte> utf8, string? runnerShortToken) => Use(utf8, root => Read(root, runnerShortToken));

    /// <summary>The variables whose names are wanted; of several definitions the last counts, as with the runner.</summary>
    /// <exception cref="SystemFailureException">It is not a job response.</exception>
    internal static Dictionary<string, string> ReadVariables(ReadOnlyMemory<byte> utf8, Func<string, bool> wanted) =>
        Use(utf8, root => Variables(root, wanted));

    internal static T Use<T>(ReadOnlyMemory<byte> utf8, Func<JsonElement, T> read)
    {
        try
        {
            using var document = JsonDocument.Parse(utf8, Options);
            return document.RootElement.ValueKind == JsonValueKind.Object ? read(document.RootElement) : throw Unusable("it is not a JSON object");
        }
        catch (JsonException e)
        {
            // Not the reader's own message, which quotes what it met: that may be a secret.
            throw Unusable($"it is not JSON (line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1})");
        }
        catch (InvalidOperationException e)
        {
            // Invalid UTF-8 and halves of surrogate pairs ("\ud800") are only found when a text, or a key, is decoded.
            throw Unusable("it has a text that is not valid Unicode", e);
        }
    }

    private static Job Read(JsonElement root, string? runnerShortToken)
    {
        if (!root.TryGetProperty("id", out var idElement) || idElement.ValueKind != JsonValueKind.Number
            || !idElement.TryGetInt64(out var id) || id < 0)
        {
            throw Unusable("it has no job 'id' that is a number from 0 on");
        }

        var variables = Variables(root, _ => true);
        var server = ServerOf(Filled(root, "git_info", "repo_url") ?? variables.GetValueOrDefault("CI_SERVER_URL"));
        return new Job
        {
            Key = new JobKey(server, runnerShortToken ?? string.Empty, id),
            Id = id,
            Server = server,
            Name = NameOf(Filled(root, "job_info", "name")),
            ProjectPath = Filled(root, "job_info", "project_full_path"),
            ProjectId = Number(root, "job_info", "project_id"),
            Ref = Filled(root, "git_info", "ref") is { } branch ? $"{Filled(root, "git_info", "ref_type")}/{branch}" : null,
            Image = Filled(root, "image", "name") is { } image ? VariableReferences.Expand(image, variables) : null,
            ProtectedRef = Switch(root, "git_info", "protected"),
            Services = Services(root),
            Files = new JobTransfers(
                Any(root, "artifacts", one => HasAny(one, "paths") || IsTrue(one, "untracked")),
                Any(root, "cache", one => HasAny(one, "paths") || IsTrue(one, "untracked")),
                Any(root, "dependencies", one => one.TryGetProperty("artifacts_file", out var file) && file.ValueKind == JsonValueKind.Object && String(file, "filename") is { Length: > 0 })),
            HasSteps = HasSteps(root),
            Sizes = new RequestedSizes
            {
                Cpus = Expanded(variables, RequestedSizes.CpusVariable),
                Memory = Expanded(variables, RequestedSizes.MemoryVariable),
                Disk = Expanded(variables, RequestedSizes.DiskVariable),
            },
            Egress = Expanded(variables, EgressPolicy.Variable),
            Timeout = Timeout(root),
        };
    }

    /// <summary>Cut where no GitLab has so long a name, between two characters.</summary>
    private static string? NameOf(string? name) =>
        name is { Length: > Job.LongestName } ? name[..(char.IsHighSurrogate(name[Job.LongestName - 1]) ? Job.LongestName - 1 : Job.LongestName)] : name;

    private static IReadOnlyList<string> Services(JsonElement root) => [.. Objects(root, "services").Select(one => String(one, "name")).OfType<string>()];

    private static bool Any(JsonElement root, string section, Func<JsonElement, bool> isMeant) => Objects(root, section).Any(isMeant);

    /// <summary>The objects of a list; what else is in it is left out.</summary>
    internal static IEnumerable<JsonElement> Objects(JsonElement element, string name) =>
        element.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array ? list.EnumerateArray().Where(one => one.ValueKind == JsonValueKind.Object) : [];

    /// <summary>The texts of a list; what else is in it is left out.</summary>
    internal static IEnumerable<string> Texts(JsonElement element, string name) =>
        element.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array
            ? list.EnumerateArray().Where(one => one.ValueKind == JsonValueKind.String).Select(one => one.GetString()!)
            : [];

    /// <summary>Null: it has no such object.</summary>
    internal static JsonElement? Object(JsonElement? element, string name) =>
        element is { } found && found.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Object ? value : null;

    /// <summary>The server sends the steps as a text with JSON in it, and the runner writes them as a list.</summary>
    private static bool HasSteps(JsonElement root) => root.TryGetProperty("run", out var run) && run.ValueKind switch
    {
        JsonValueKind.Array => run.GetArrayLength() > 0,
        JsonValueKind.String => run.GetString() is { Length: > 0 },
        _ => false,
    };

    private static bool HasAny(JsonElement element, string name) => element.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array && list.GetArrayLength() > 0;

    internal static bool IsTrue(JsonElement element, string name) => element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.True;

    private static TimeSpan Timeout(JsonElement root) =>
        root.TryGetProperty("runner_info", out var info) && info.ValueKind == JsonValueKind.Object
        && info.TryGetProperty("timeout", out var timeout) && timeout.ValueKind == JsonValueKind.Number
        && timeout.TryGetInt32(out var seconds) && seconds > 0
            ? TimeSpan.FromSeconds(seconds)
            : DefaultTimeout;

    private static string? Expanded(Dictionary<string, string> variables, string name) =>
        variables.TryGetValue(name, out var text) && VariableReferences.Expand(text, variables) is { Length: > 0 } value ? value : null;

    private static bool? Switch(JsonElement root, string section, string name) =>
        root.TryGetProperty(section, out var element) && element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value)
            ? value.ValueKind switch { JsonValueKind.True => true, JsonValueKind.False => false, _ => null }
            : null;

    private static long? Number(JsonElement root, string section, string name) =>
        Object(root, section) is { } element && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) && number > 0 ? number : null;

    /// <summary>A field that the server leaves out may be there and empty, as Go writes it.</summary>
    private static string? Filled(JsonElement root, string section, string name) => Text(root, section, name) is { Length: > 0 } text ? text : null;

    private static string? Text(JsonElement root, string section, string name) =>
        root.TryGetProperty(section, out var element) && element.ValueKind == JsonValueKind.Object ? String(element, name) : null;

    internal static string? String(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static Dictionary<string, string> Variables(JsonElement root, Func<string, bool> wanted)
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal);
        if (!root.TryGetProperty("variables", out var list) || list.ValueKind != JsonValueKind.Array)
        {
            return variables;
        }

        foreach (var variable in list.EnumerateArray().Where(variable => variable.ValueKind == JsonValueKind.Object))
        {
            if (String(variable, "key") is { } key && wanted(key) && String(variable, "value") is { } value)
            {
                variables[key] = value;
            }
        }

        return variables;
    }

    private static string ServerOf(string? url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri.Host.Length > 0
            ? uri.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped).ToLowerInvariant()
            : "unknown-server";

    private static SystemFailureException Unusable(string what, Exception? inner = null) => new(
        ErrorCodes.JobResponseUnusable,
        $"the job response of the runner cannot be used: {what}",
        "GitLab Runner 14.1 or later writes it to JOB_RESPONSE_FILE; see whether the runner's disk is full.",
        inner);
}
