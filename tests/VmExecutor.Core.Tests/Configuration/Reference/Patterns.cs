using VmExecutor.Core.Configuration.Binding.Kinds;

namespace VmExecutor.Core.Tests.Configuration.Reference;

/// <summary>The regular expressions (ECMA 262) by which an editor can check each kind of value.</summary>
internal static class Patterns
{
    private const string Plain = @"[^\u0000-\u001f\u007f-\u009f]";

    /// <summary>Null: the kind is not text.</summary>
    public static string? Of(ValueKind kind) => kind switch
    {
        SizeKind => "^[0-9]+ *([KkMmGgTt][Ii]?)?[Bb]$",
        DurationKind => "^(?=.)([0-9]{1,9}d)?([0-9]{1,9}h)?([0-9]{1,9}m)?([0-9]{1,9}s)?([0-9]{1,9}ms)?$",
        PathKind => $"^(?![~$]){Plain}+$",
        ToolKind => $@"^(?![~$])({Plain}+:/[^:\u0000-\u001f\u007f-\u009f]*|[^:\u0000-\u001f\u007f-\u009f]+)$",
        PartKind => "^[!-~]+$",
        GlobKind => @"^[^\u0000-\u0020\u007f-\u00a0]{1,255}$",
        ProjectGlobKind => @"^(?!/)(?!.*//)(?!.*/$)(?!.*\*\*\*)[A-Za-z0-9_./*-]{1,1000}$",
        HexKind { Digits: var digits } => $"^[0-9A-Fa-f]{{{digits}}}$",
        UrlKind => @"^([Hh][Tt][Tt][Pp][Ss]?|[Ff][Ii][Ll][Ee])://[^\u0000-\u0020\u007f-\u00a0@#]+$",
        GuestPathKind => $"^/{Plain}*$",
        ImageNameKind => "^[a-z0-9][a-z0-9._-]{0,62}$",
        HostKeyKind => $@"^\s*(ssh-ed25519|ecdsa-sha2-nistp(256|384|521)|ssh-rsa) +[A-Za-z0-9+/]+=*( {Plain}*)?\s*$",
        TextKind { Pattern: { } pattern } => pattern.ToString(),
        TextKind { MayBeEmpty: true } => $"^{Plain}*$",
        TextKind => $"^{Plain}+$",
        _ => null,
    };
}
