using System.Text.Json;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Jobs;

/// <summary>
/// The secrets of the trusted job response that must not stay in a VM that outlives its job: the job's token, and the values of
/// some variables. Those are masked, are files, or look like a secret by name or form (<see cref="SecretRule"/>). They are in
/// memory only, and only to look for them in the guest.
/// </summary>
public sealed class JobSecrets
{
    /// <summary>A shorter line is found in files that have nothing to do with it.</summary>
    private const int ShortestLine = 8;

    private JobSecrets(IReadOnlyList<string> lines) => Lines = lines;

    /// <summary>Each line of each secret, once.</summary>
    public IReadOnlyList<string> Lines { get; }

    /// <exception cref="Failures.SystemFailureException">It is not a job response.</exception>
    public static JobSecrets Read(ReadOnlyMemory<byte> response) => new(
        [.. JobResponse.Use(response, Secrets).SelectMany(secret => secret.Split(['\n', '\r', '\0'])).Where(line => line.Trim().Length >= ShortestLine).Distinct(StringComparer.Ordinal)]);

    public override string ToString() => Quantity.Of(Lines.Count, "line");

    private static List<string> Secrets(JsonElement root)
    {
        var secrets = new List<string>();
        if (JobResponse.String(root, "token") is { } token)
        {
            secrets.Add(token);
        }

        if (root.TryGetProperty("variables", out var variables) && variables.ValueKind == JsonValueKind.Array)
        {
            secrets.AddRange(variables.EnumerateArray().Where(IsSecret).Select(variable => JobResponse.String(variable, "value")).OfType<string>());
        }

        return secrets;
    }

    /// <summary>
    /// True for what is masked or a file, and for what <see cref="SecretRule"/> tells. GitLab's own <c>public</c> does not tell: it is false for most
    /// predefined variables, also where they are names or numbers.
    /// </summary>
    private static bool IsSecret(JsonElement variable) =>
        variable.ValueKind == JsonValueKind.Object
        && (IsTrue(variable, "masked") || IsTrue(variable, "file")
            || SecretRule.IsSecret(JobResponse.String(variable, "key") ?? "", JobResponse.String(variable, "value") ?? ""));

    private static bool IsTrue(JsonElement element, string name) => element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.True;
}
