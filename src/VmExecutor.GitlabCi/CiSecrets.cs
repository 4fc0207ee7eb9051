using System.Text.RegularExpressions;

namespace VmExecutor.GitlabCi;

/// <summary>
/// Variables of the command line whose values are not printed. A desk has no GitLab that says which variables are masked or files, so their names
/// and the form of their values tell.
/// </summary>
public static partial class CiSecrets
{
    /// <summary>Printed instead of a value.</summary>
    public const string Hidden = "[hidden]";

    /// <summary>Too much is hidden rather than too little.</summary>
    public static bool IsSecret(CiVariable variable) =>
        Credential().IsMatch(variable.Name) || variable.Value.Contains('\n', StringComparison.Ordinal) || Token().IsMatch(variable.Value);

    /// <summary>The same variables, so that no text made of them has a secret's value.</summary>
    public static IReadOnlyList<CiVariable> Hide(IEnumerable<CiVariable> variables) =>
        [.. variables.Select(variable => IsSecret(variable) ? variable with { Value = Hidden, Raw = true } : variable)];

    /// <summary>A text that was made with the values, without them.</summary>
    /// <param name="text">The text.</param>
    /// <param name="secrets">The values, expanded.</param>
    public static string Hide(string text, IEnumerable<string> secrets) =>
        secrets.Where(secret => secret.Length > 0).OrderByDescending(secret => secret.Length).Aggregate(text, (rest, secret) => rest.Replace(secret, Hidden, StringComparison.Ordinal));

    // A part of a name between underscores, as in DB_PASS or AWS_SECRET_ACCESS_KEY; the long words also within one, as in PGPASSWORD.
    [GeneratedRegex(
        "TOKEN|PASSW|PASSPHRASE|SECRET|CREDENTIAL|KUBECONFIG|(?:^|_)(?:PASS|PWD|PAT|JWT|KEY|KEYS|APIKEY|AUTH|CERT|PIN|DSN)(?:$|_|[0-9])",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Credential();

    // Private keys, tokens of GitLab, GitHub and AWS, signed JSON (JWT), addresses with a password.
    [GeneratedRegex(
        @"-----BEGIN |\bgl[a-z]{2,6}-[\w-]{16}|\bgh[a-z]_\w{16}|\bgithub_pat_|\bAKIA[0-9A-Z]{16}|\beyJ[\w-]+\.eyJ|://[^/\s:@]*:[^/\s@]+@",
        RegexOptions.CultureInvariant)]
    private static partial Regex Token();
}
