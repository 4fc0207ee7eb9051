using System.Text.RegularExpressions;
using VmExecutor.Core.Clones.Parts;
using VmExecutor.Core.Configuration.Binding;
using VmExecutor.Core.Egress;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Configuration.Options;

/// <summary>Names, patterns and paths.</summary>
internal static partial class Kinds
{
    /// <summary>A character other than a control character, for an editor.</summary>
    private const string Plain = @"[^\u0000-\u001f\u007f-\u009f]";

    public static ScalarKind<ImageName> ImageName { get; } = new("image name", new EditorCheck.Pattern("^[a-z0-9][a-z0-9._-]{0,62}$"), scalar =>
        Values.ImageName.TryParse(scalar.Text, out var name)
            ? Reading.Of(name)
            : Reading.Wrong($"{Quote.Text(scalar.Text)} is not an image name; write {Values.ImageName.Rule}"));

    /// <summary>A pattern of what jobs write after <c>image:</c>.</summary>
    public static ScalarKind<string> Glob { get; } = new("pattern", new EditorCheck.Pattern(@"^[^\u0000-\u0020\u007f-\u00a0]{1,255}$"), scalar =>
        Values.Glob.TryParse(scalar.Text, out _)
            ? Reading.Of(scalar.Text)
            : Reading.Wrong($"{Quote.Text(scalar.Text)} is not a pattern; write {Values.Glob.Rule}"));

    /// <summary>A pattern of project paths.</summary>
    public static ScalarKind<string> ProjectGlob { get; } = new(
        "pattern of projects",
        new EditorCheck.Pattern(@"^(?!/)(?!.*//)(?!.*/$)(?!.*\*\*\*)[A-Za-z0-9_./*-]{1,1000}$"),
        scalar => Values.ProjectGlob.TryParse(scalar.Text, out _)
            ? Reading.Of(scalar.Text)
            : Reading.Wrong($"{Quote.Text(scalar.Text)} is not a pattern of projects; write {Values.ProjectGlob.Rule}"));

    /// <summary>A part of a domain's definition that clones would be refused for.</summary>
    public static ScalarKind<string> Part { get; } = new("part of a domain's XML", new EditorCheck.Pattern("^[!-~]+$"), scalar =>
        DomainParts.WhyNotAllowed(scalar.Text) is { } why
            ? Reading.Wrong($"{Quote.Text(scalar.Text)} cannot be allowed, since {why}; write a part as the message of a refused domain names it, for example 'devices/hostdev'")
            : Reading.Of(scalar.Text));

    /// <summary>Services that guests may use, by address and port.</summary>
    public static ScalarKind<string> HostService { get; } = new("address and port", new EditorCheck.Pattern(@"^[0-9A-Fa-f.:\[\]/]+:[0-9]{1,5}(-[0-9]{1,5})?(/(tcp|udp))?$"), scalar =>
        Firewall.HostService.TryParse(scalar.Text, out _)
            ? Reading.Of(scalar.Text)
            : Reading.Wrong($"{Quote.Text(scalar.Text)} is not an address and port; write {Firewall.HostService.Rule}"));

    /// <summary>A destination that guests may reach.</summary>
    public static ScalarKind<EgressRule> Egress { get; } = new("destination", new EditorCheck.Pattern(@"^[0-9A-Za-z._:/\[\]-]+$"), scalar =>
        EgressRule.TryParse(scalar.Text, out var rule)
            ? Reading.Of(rule)
            : Reading.Wrong(scalar.Text.StartsWith("*.", StringComparison.Ordinal)
                ? $"{Quote.Text(scalar.Text)} is not a destination; write {Quote.Text(scalar.Text[1..])} for a name and all names below it"
                : $"{Quote.Text(scalar.Text)} is not a destination; write {EgressRule.Rule}"));

    /// <summary>A network by its first address and its bits.</summary>
    public static ScalarKind<string> Network { get; } = new("network", new EditorCheck.Pattern("^[0-9A-Fa-f.:]+/[0-9]{1,3}$"), scalar =>
        System.Net.IPNetwork.TryParse(scalar.Text, out _)
            ? Reading.Of(scalar.Text)
            : Reading.Wrong($"{Quote.Text(scalar.Text)} is not a network; write its first address and its bits, for example 10.0.0.0/8 or fd00::/8"));

    /// <summary>A file or directory on the host, seen from the directory of the YAML file when it is relative.</summary>
    public static ScalarKind<AbsolutePath> Path { get; } = new("path", new EditorCheck.Pattern($"^(?![~$]){Plain}+$"), ReadPath);

    /// <summary>An absolute path in the guest.</summary>
    public static ScalarKind<string> GuestPath { get; } = new("path in the guest", new EditorCheck.Pattern($"^/{Plain}*$"), ReadGuestPath);

    /// <summary>An image of a container registry.</summary>
    public static ScalarKind<OciReference> OciReference { get; } = new("image in a registry", new EditorCheck.Pattern(Values.OciReference.Pattern), scalar =>
        Values.OciReference.TryParse(scalar.Text, out var reference)
            ? Reading.Of(reference)
            : Reading.Wrong($"{Quote.Text(scalar.Text)} is not an image in a registry: {Values.OciReference.WhyNot(scalar.Text)}; write {Values.OciReference.Rule}"));

    /// <summary>A checksum as <c>sha256sum</c> and <c>sha512sum</c> print it.</summary>
    public static ScalarKind<Checksum> Checksum(ChecksumKind sum)
    {
        var (digits, tool) = sum == ChecksumKind.Sha256 ? (64, "sha256sum") : (128, "sha512sum");
        return new($"{digits} hexadecimal digits", new EditorCheck.Pattern($"^[0-9A-Fa-f]{{{digits}}}$"), scalar =>
            Values.Checksum.TryParse(sum, scalar.Text, out var checksum)
                ? Reading.Of(checksum)
                : Reading.Wrong($"{Quote.Text(scalar.Text)} is not such a checksum; write the {digits} hexadecimal digits that {tool} prints"));
    }

    /// <summary>Text on one line.</summary>
    /// <param name="type">The name in the reference.</param>
    /// <param name="rule">The demand, as the end of a sentence that begins with "write".</param>
    /// <param name="pattern">A regular expression that the text must match; null: any text.</param>
    /// <param name="mayBeEmpty">True: the empty text is a value, too.</param>
    public static ScalarKind<string> Text(string type, string rule = "text on one line", Regex? pattern = null, bool mayBeEmpty = false) =>
        new(type, new EditorCheck.Pattern(pattern?.ToString() ?? $"^{Plain}{(mayBeEmpty ? '*' : '+')}$"), scalar =>
        {
            var text = scalar.Text;
            if (text.Any(char.IsControl) || !XmlText.CanCarry(text))
            {
                return Reading.Wrong($"{Quote.Text(text)} has a line break or another control character in it; write {rule}");
            }

            if (text.Length == 0 && !mayBeEmpty)
            {
                return Reading.Wrong($"is empty; write {rule}");
            }

            return pattern?.IsMatch(text) == false
                ? Reading.Wrong($"{Quote.Text(text)} is not a {type}; write {rule}")
                : Reading.Of(text);
        });

    private static Reading ReadPath(ScalarText scalar)
    {
        var text = scalar.Text;
        if (text.Length == 0)
        {
            return Reading.Wrong("is empty; write a path");
        }

        if (text[0] is '~' or '$')
        {
            return Reading.Wrong($"{Quote.Text(text)} is not expanded as a shell would; write the whole path, beginning with '/'");
        }

        return scalar.Directory.TryResolve(text, out var path)
            && !text.Any(char.IsControl)
            && XmlText.CanCarry(text)
                ? Reading.Of(path)
                : Reading.Wrong($"{Quote.Text(text)} has a line break or another control character in it; write a plain path");
    }

    private static Reading ReadGuestPath(ScalarText scalar) =>
        AbsolutePath.TryParse(scalar.Text, out var path) && !scalar.Text.Any(char.IsControl)
            ? Reading.Of(path.Value)
            : Reading.Wrong($"{Quote.Text(scalar.Text)} is not an absolute path; write a path in the guest that begins with '/', for example /builds");
}
