using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace VmExecutor.Core.Clones;

/// <summary>
/// A definition that may be printed: what its author wrote into it as a secret is shown as three asterisks. Secrets are known by the names before them (password,
/// passphrase, token, key), by what libvirt itself hides (cookies), by QEMU's <c>secret</c> objects, and as contents of firmware entries and systemd credentials.
/// </summary>
public static partial class PrintedDefinition
{
    /// <summary>Stands for a secret.</summary>
    public const string Hidden = "***";

    /// <param name="domain">It is not changed.</param>
    public static XElement Of(XElement domain)
    {
        var printed = new XElement(domain);
        foreach (var element in printed.DescendantsAndSelf().ToList())
        {
            foreach (var attribute in element.Attributes().Where(attribute => !attribute.IsNamespaceDeclaration && attribute.Value.Length > 0))
            {
                var shown = IsSecretName(attribute.Name.LocalName) || attribute.Name == "value" && IsSecretName((string?)element.Attribute("name") ?? string.Empty)
                    ? Hidden
                    : Shown(attribute.Value);
                if (shown != attribute.Value)
                {
                    attribute.Value = shown;
                }
            }

            if (!element.HasElements && element.Value.Trim().Length > 0)
            {
                var shown = IsSecret(element) ? Hidden : Shown(element.Value);
                if (shown != element.Value)
                {
                    element.Value = shown;
                }
            }
        }

        return printed;
    }

    /// <summary>True when the definition has a secret that must not be printed.</summary>
    public static bool HidesOf(XElement domain) => !XNode.DeepEquals(domain, Of(domain));

    private static bool IsSecret(XElement leaf) =>
        IsSecretName(leaf.Name.LocalName)
        || IsSecretName((string?)leaf.Attribute("name") ?? string.Empty)
        || leaf.Name == "cookie"
        || leaf.Name == "entry" && (string?)leaf.Parent?.Attribute("type") == "fwcfg";

    private static bool IsSecretName(string name) => SecretName().IsMatch(name);

    private static string Shown(string text)
    {
        var shown = NamedSecret().Replace(text, $"$1{Hidden}");
        shown = Credential().Replace(shown, $"$1{Hidden}");
        shown = AddressWithPassword().Replace(shown, $"$1{Hidden}@");
        shown = FirmwareText().Replace(shown, $"$1{Hidden}");
        return SecretObject().IsMatch(shown) ? ObjectData().Replace(shown, $"$1{Hidden}") : shown;
    }

    /// <summary>Not <c>password-secret</c>, which names an object, nor <c>passwdValidTo</c>.</summary>
    [GeneratedRegex(@"(?:password|passwd|passphrase|token|api[_-]?key|private[_-]?key|access[_-]?key|secret[_-]?key)$", RegexOptions.IgnoreCase)]
    private static partial Regex SecretName();

    /// <summary><c>password=…</c>, <c>"password": "…"</c>, <c>--token …</c>; up to the next comma, quote or space.</summary>
    [GeneratedRegex(@"((?:password|passwd|passphrase|token|api[_-]?key|private[_-]?key|access[_-]?key|secret[_-]?key)(?:""?\s*[=:]\s*""?|\s+))((?!on\b|off\b)[^,""\s]+)", RegexOptions.IgnoreCase)]
    private static partial Regex NamedSecret();

    [GeneratedRegex(@"(io\.systemd\.credential[^=\s]*=)(.+)", RegexOptions.Singleline)]
    private static partial Regex Credential();

    [GeneratedRegex(@"(://[^/@\s:]+:)[^@/\s]+@")]
    private static partial Regex AddressWithPassword();

    /// <summary>QEMU's <c>-fw_cfg name=opt/…,string=…</c>: Ignition's whole configuration, for instance.</summary>
    [GeneratedRegex(@"(^name=opt/[^,]*,string=)(.+)", RegexOptions.Singleline)]
    private static partial Regex FirmwareText();

    [GeneratedRegex(@"^secret,|""qom-type""\s*:\s*""secret")]
    private static partial Regex SecretObject();

    [GeneratedRegex(@"((?:^|,)data=|""data""\s*:\s*"")([^,""]+)")]
    private static partial Regex ObjectData();
}
