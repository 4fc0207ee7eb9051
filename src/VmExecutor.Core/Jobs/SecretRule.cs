using System.Text.RegularExpressions;

namespace VmExecutor.Core.Jobs;

/// <summary>
/// Tells a variable that holds a secret by its name and the form of its value. GitLab says of some variables that they are
/// masked or files, but many a secret is neither; and on a desk there is no GitLab. Rather too much counts as a secret than too
/// little.
/// </summary>
public static partial class SecretRule
{
    public static bool IsSecret(string name, string value) => Credential().IsMatch(name) || Token().IsMatch(value);

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
