using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Services;

/// <summary>Logins for container registries, as docker's <c>config.json</c> has them; containers-auth.json(5) is of the same form.</summary>
public sealed class RegistryLogins
{
    private static readonly JsonNodeOptions Options = new() { PropertyNameCaseInsensitive = false };
    private readonly SortedDictionary<string, string> _auths;

    private RegistryLogins(SortedDictionary<string, string> auths) => _auths = auths;

    /// <summary>No login.</summary>
    public static RegistryLogins None { get; } = new(new SortedDictionary<string, string>(StringComparer.Ordinal));

    /// <summary>True where there is no login.</summary>
    public bool IsEmpty => _auths.Count == 0;

    /// <summary>The registries; no secret.</summary>
    public IReadOnlyCollection<string> Registries => _auths.Keys;

    /// <summary>
    /// A job's logins. Those that it has in a variable go before GitLab's own (docker executor of the runner: <c>helpers/docker/auth</c>).
    /// </summary>
    /// <param name="variable">Its <c>DOCKER_AUTH_CONFIG</c>; a text that is no such document has no logins, as with the runner.</param>
    /// <param name="credentials">The job response's <c>credentials</c>.</param>
    internal static RegistryLogins Of(string? variable, IEnumerable<JsonElement> credentials)
    {
        var auths = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var one in credentials)
        {
            if (JobResponse.String(one, "type") == "registry" && JobResponse.String(one, "url") is { Length: > 0 } url
                && JobResponse.String(one, "username") is { } name && JobResponse.String(one, "password") is { } password)
            {
                auths[url] = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{name}:{password}"));
            }
        }

        return TryParse(variable) is { } own ? new RegistryLogins(auths).Under(own) : new RegistryLogins(auths);
    }

    /// <summary>Null: it is no document with <c>auths</c>.</summary>
    public static RegistryLogins? TryParse(string? text)
    {
        try
        {
            if (text is null || JsonNode.Parse(text, Options) is not JsonObject { } root || root["auths"] is not JsonObject found)
            {
                return null;
            }

            var auths = new SortedDictionary<string, string>(StringComparer.Ordinal);
            foreach (var (registry, entry) in found)
            {
                if (entry is JsonObject one && one["auth"] is JsonValue value && value.TryGetValue<string>(out var auth))
                {
                    auths[registry] = auth;
                }
            }

            return new RegistryLogins(auths);
        }
        catch (Exception e) when (e is JsonException or ArgumentException or InvalidOperationException)
        {
            // Two keys of one name, and halves of surrogate pairs, are found when they are asked for.
            return null;
        }
    }

    /// <summary>These, and over them others.</summary>
    public RegistryLogins Under(RegistryLogins others)
    {
        var auths = new SortedDictionary<string, string>(_auths, StringComparer.Ordinal);
        foreach (var (registry, auth) in others._auths)
        {
            auths[registry] = auth;
        }

        return new RegistryLogins(auths);
    }

    /// <summary>The document. It has secrets.</summary>
    public string ToJson()
    {
        var auths = new JsonObject();
        foreach (var (registry, auth) in _auths)
        {
            auths[registry] = new JsonObject { ["auth"] = auth };
        }

        return new JsonObject { ["auths"] = auths }.ToJsonString();
    }

    public override string ToString() => Quantity.Of(_auths.Count, "login");
}
