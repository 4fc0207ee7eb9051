using VmExecutor.Core.Jobs;

namespace VmExecutor.GitlabCi;

/// <summary>
/// Variables of the command line whose values are not printed. A desk has no GitLab that says which variables are masked or files, so their names
/// and the form of their values tell.
/// </summary>
public static class CiSecrets
{
    /// <summary>Printed instead of a value.</summary>
    public const string Hidden = "[hidden]";

    /// <summary>
    /// True for a secret, and for a value of several lines: where GitLab would say that it is a file, nothing says so here.
    /// </summary>
    public static bool IsSecret(CiVariable variable) =>
        SecretRule.IsSecret(variable.Name, variable.Value) || variable.Value.Contains('\n', StringComparison.Ordinal);

    /// <summary>The same variables, so that no text made of them has a secret's value.</summary>
    public static IReadOnlyList<CiVariable> Hide(IEnumerable<CiVariable> variables) =>
        [.. variables.Select(variable => IsSecret(variable) ? variable with { Value = Hidden, Raw = true } : variable)];

    /// <summary>A text that was made with the values, without them.</summary>
    /// <param name="text">The text.</param>
    /// <param name="secrets">The values, expanded.</param>
    public static string Hide(string text, IEnumerable<string> secrets) =>
        secrets.Where(secret => secret.Length > 0).OrderByDescending(secret => secret.Length).Aggregate(text, (rest, secret) => rest.Replace(secret, Hidden, StringComparison.Ordinal));
}
