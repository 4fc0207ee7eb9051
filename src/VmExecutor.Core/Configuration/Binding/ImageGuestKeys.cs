using System.Text.RegularExpressions;
using VmExecutor.Core.Configuration.Binding.Kinds;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Configuration.Binding;

/// <summary>The keys of <c>prepare_hook:</c>.</summary>
internal static partial class ImageGuestKeys
{
    private static readonly Condition WithScript = new("script");

    public static readonly Section PrepareHook = new(
    [
        new("script", new PathKind(),
            "A file of the host, run in the guest by the image's shell as 'ssh.user' before the job's own scripts; a status other than 0 fails the preparation.",
            "/etc/vm-executor/hooks/debian-12") { Otherwise = "no hook" },
        new("variables", new OneOrMoreKind(new TextKind("variable name") { Pattern = VariableName(), Rule = "letters, digits and '_', not beginning with a digit" }),
            "The job variables that it gets.", "CI_PROJECT_PATH") { Otherwise = "none", OnlyWith = WithScript },
        new("timeout", new DurationKind(),
            "How long it may take.", "1m") { Default = DurationText.Format(new HookSettings(DefaultValues.Image.File).Timeout), OnlyWith = WithScript },
    ]);

    [GeneratedRegex("^[A-Za-z_][A-Za-z0-9_]{0,254}$")]
    private static partial Regex VariableName();
}
