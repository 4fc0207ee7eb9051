using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace VmExecutor.Core.Tests.Values;

/// <summary>Text as an attacker would choose it: pieces that mean something to a shell, a path, XML, JSON, YAML, ssh or a terminal, and noise.</summary>
internal static class HostileText
{
    private static readonly string[] Pieces =
    [
        "a", "Z", "0", "9", "-", "--", ".", "..", "/", "//", "_", ":", "@", "~", "%", "%h", "${HOME}", "$(touch x)", "`id`", ";", "&", "|", ">", "<", "*", "?", "!",
        "'", "\"", "\\", "'\\''", " ", "\t", "\n", "\r", "\0", "\u0001", "\u001b[31m", "\u007f", "\u0085", "\u00a0", "\u2028", "\u202e", "\u200b", "\ufeff", "\ufffd",
        "\uffff", "é", "K", "٣", "\ud83d\ude00", "<a x='1'/>", "]]>", "<![CDATA[", "&lt;", "&#0;", "<!ENTITY x SYSTEM 'file:///etc/passwd'>",
        "-oProxyCommand=id", "../../etc/passwd", "{\"id\":1}", "1e400", "9223372036854775808", "group/project",
    ];

    /// <summary>Any string .NET can hold, halves of surrogate pairs included.</summary>
    public static Gen<string> Any { get; } = Gen.OneOf(
        Gen.OneOf(Gen.Elements(Pieces), Gen.Elements("\ud83d", "\udc00")).ListOf().Select(string.Concat),
        ArbMap.Default.GeneratorFor<string?>().Select(text => text ?? ""));

    /// <summary>Texts that can come out of a file or an environment, whose bytes were decoded: no half of a pair.</summary>
    public static Gen<string> Decoded { get; } = Any.Select(text => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)));
}
