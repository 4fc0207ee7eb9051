using System.Text.RegularExpressions;

namespace VmExecutor.Core.Guests;

/// <summary>Tells the boots of a guest apart: Linux makes a random id for each (random(4)). Other systems have no id.</summary>
public static partial class GuestBoot
{
    /// <summary>Shell text; prints <c>vmx-boot:</c> and the id.</summary>
    internal const string Question = """{ read -r b </proc/sys/kernel/random/boot_id; } 2>/dev/null && echo "vmx-boot:$b" """;

    /// <summary>Null when the guest has not said.</summary>
    public static string? ParseId(string output) => Answer().Match(output) is { Success: true } answer ? answer.Groups[1].Value : null;

    [GeneratedRegex("^vmx-boot:([0-9a-f-]{36})$", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex Answer();
}
