using System.Text.Json;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Services;

/// <summary>
/// The services of a job with all that their containers get, and the job's logins for registries. Among these are secrets, so it is read only where services
/// are started.
/// </summary>
public sealed class JobServices
{
    private const string PortVariable = "HEALTHCHECK_TCP_PORT";
    private static readonly char[] BetweenAliases = [',', ' ', '\t', '\n'];

    private JobServices(IReadOnlyList<JobService> all, RegistryLogins logins, bool showLogs) => (All, Logins, ShowLogs) = (all, logins, showLogs);

    /// <summary>In the order of the job.</summary>
    public IReadOnlyList<JobService> All { get; }

    /// <summary>The logins of the job: those of its variable <c>DOCKER_AUTH_CONFIG</c>, and GitLab's own for its registry.</summary>
    public RegistryLogins Logins { get; }

    /// <summary>True when the job wants what they print in its log.</summary>
    public bool ShowLogs { get; }

    /// <param name="response">The content of the trusted job response.</param>
    /// <exception cref="Failures.SystemFailureException">It is not a job response.</exception>
    public static JobServices Read(ReadOnlyMemory<byte> response) => JobResponse.Use(response, Read);

    /// <summary>The port that tells whether a service is ready; null: those that its image exposes.</summary>
    public static int? PortOf(JobService service) =>
        service.Variables.TryGetValue(PortVariable, out var text) && int.TryParse(text, out var port) && port is > 0 and < 65536 ? port : null;

    /// <summary>The number of services; no value, so that none is printed by accident.</summary>
    public override string ToString() => Quantity.Of(All.Count, "service");

    private static JobServices Read(JsonElement root)
    {
        var variables = Variables(root);
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        variables.ForEach(variable => values[variable.Key] = variable.Value);
        var services = JobResponse.Objects(root, "services")
            .Where(one => JobResponse.String(one, "name") is { Length: > 0 })
            .Select(one => Service(one, variables, values));
        return new JobServices([.. services], RegistryLogins.Of(values.GetValueOrDefault("DOCKER_AUTH_CONFIG"), JobResponse.Objects(root, "credentials")), values.GetValueOrDefault(ServicesRecord.LogsVariable) == "true");
    }

    private static JobService Service(JsonElement element, List<Variable> variables, Dictionary<string, string> values)
    {
        var own = Variables(element);
        var all = new Dictionary<string, string>(values, StringComparer.Ordinal);
        own.ForEach(variable => all[variable.Key] = variable.Value);
        var environment = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var variable in variables.Where(variable => variable.IsPublic).Concat(own).Where(variable => !variable.IsFile))
        {
            environment[variable.Key] = variable.IsRaw ? variable.Value : VariableReferences.Expand(variable.Value, all);
        }

        var docker = JobResponse.Object(JobResponse.Object(element, "executor_opts"), "docker");
        return new JobService
        {
            Image = VariableReferences.Expand(JobResponse.String(element, "name")!, all),
            Aliases = [.. VariableReferences.Expand(JobResponse.String(element, "alias") ?? "", all).Split(BetweenAliases, StringSplitOptions.RemoveEmptyEntries)],
            Entrypoint = [.. JobResponse.Texts(element, "entrypoint")],
            Command = [.. JobResponse.Texts(element, "command")],
            Variables = environment,
            PullPolicies = [.. JobResponse.Texts(element, "pull_policy").Select(PullPolicyWords.Find).OfType<PullPolicy>()],
            User = Option(docker, "user", all),
            Platform = Option(docker, "platform", all),
        };
    }

    private static string? Option(JsonElement? options, string name, Dictionary<string, string> variables) =>
        options is { } found && JobResponse.String(found, name) is { Length: > 0 } text ? VariableReferences.Expand(text, variables) : null;

    private static List<Variable> Variables(JsonElement element) =>
    [
        .. from one in JobResponse.Objects(element, "variables")
           let key = JobResponse.String(one, "key")
           let value = JobResponse.String(one, "value")
           where key is not null && value is not null
           select new Variable(key, value, JobResponse.IsTrue(one, "public"), JobResponse.IsTrue(one, "file"), JobResponse.IsTrue(one, "raw")),
    ];

    private sealed record Variable(string Key, string Value, bool IsPublic, bool IsFile, bool IsRaw);
}
