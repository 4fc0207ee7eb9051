using System.Text.RegularExpressions;
using VmExecutor.Core.Configuration.Options;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Configuration;

/// <summary>A script of the administrator that runs in the guest before the job's own.</summary>
/// <param name="Script">A file of the host, run by the image's shell as the image's user.</param>
public sealed partial record HookSettings(AbsolutePath Script)
{
    public IReadOnlyList<string> Variables { get; init; } = [];

    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>No hook, as a record.</summary>
    internal static readonly HookSettings None = new(new AbsolutePath("/"));

    internal static readonly Section<HookSettings> Keys = new Section<HookSettings>(None)
        .Key("script", Kinds.Path,
            "A file of the host, run in the guest by the image's shell as 'ssh.user' before the job's own scripts; a status other than 0 fails the preparation.",
            "/etc/vm-executor/hooks/debian-12", it => it.Script, (it, value) => it with { Script = value }, otherwise: "no hook")
        .OneOrMore("variables", Kinds.Text("variable name", "letters, digits and '_', not beginning with a digit", VariableName()),
            "The job variables that it gets.",
            "CI_PROJECT_PATH", it => it.Variables, (it, value) => it with { Variables = value }, otherwise: "none", onlyWith: new("script"))
        .Key("timeout", Kinds.Duration(),
            "How long it may take.",
            "1m", it => it.Timeout, (it, value) => it with { Timeout = value }, onlyWith: new("script"));

    [GeneratedRegex("^[A-Za-z_][A-Za-z0-9_]{0,254}$")]
    private static partial Regex VariableName();
}
