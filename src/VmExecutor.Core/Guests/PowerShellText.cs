using System.Text.RegularExpressions;

namespace VmExecutor.Core.Guests;

/// <summary>Writes text for PowerShell 7.</summary>
public static partial class PowerShellText
{
    /// <summary>
    /// Ends the script when the command before it has failed. The runner writes this behind each command (shells/powershell.go), since PowerShell
    /// goes on after a program that ends with another code than 0.
    /// </summary>
    public const string Check = "if(!$?) { Exit &{if($LASTEXITCODE) {$LASTEXITCODE} else {1}} }";

    /// <summary>One word, whatever it contains.</summary>
    public static string Quote(string word) => $"'{QuoteMark().Replace(word, "$0$0")}'";

    /// <summary>Sets a variable for the script (<c>$NAME</c>) and for the programs that it starts (<c>$env:NAME</c>), as the runner does.</summary>
    public static string Variable(string name, string value) => $"${{{name}}}={Quote(value)}\n${{env:{name}}}=${{{name}}}";

    /// <summary>
    /// The characters that PowerShell takes for a single quote: typographic ones too (about_Quoting_Rules; CharTraits.IsSingleQuote).
    /// </summary>
    [GeneratedRegex("['\u2018\u2019\u201a\u201b]", RegexOptions.CultureInvariant)]
    private static partial Regex QuoteMark();
}
