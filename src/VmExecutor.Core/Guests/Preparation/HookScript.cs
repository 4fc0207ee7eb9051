using System.Text;
using System.Text.RegularExpressions;
using VmExecutor.Core.Configuration;

namespace VmExecutor.Core.Guests.Preparation;

/// <summary>
/// The administrator's script with the chosen job variables put before it, as text of the image's shell. It goes to the guest by stdin,
/// and no value is in an argument list. A shebang line has no effect, since the shell is told which file to run.
/// </summary>
public static partial class HookScript
{
    private static readonly byte[] ByteOrderMark = [0xEF, 0xBB, 0xBF];

    /// <param name="shell">Which shell runs it.</param>
    /// <param name="script">The script's own bytes.</param>
    /// <param name="variables">Names and values.</param>
    /// <exception cref="ArgumentException">A name or a value is none that a shell could hold; the value is not told.</exception>
    public static byte[] Text(GuestShell shell, ReadOnlySpan<byte> script, IReadOnlyDictionary<string, string> variables)
    {
        var head = string.Concat(variables.OrderBy(variable => variable.Key, StringComparer.Ordinal).Select(variable => Line(shell, variable.Key, variable.Value)));

        // A byte order mark is one only at the beginning.
        return [.. Encoding.UTF8.GetBytes(head), .. script.StartsWith(ByteOrderMark) ? script[ByteOrderMark.Length..] : script];
    }

    private static string Line(GuestShell shell, string name, string value)
    {
        if (!Name().IsMatch(name))
        {
            throw new ArgumentException($"'{name}' is no name of a variable", nameof(name));
        }

        if (value.Contains('\0', StringComparison.Ordinal))
        {
            throw new ArgumentException($"the value of {name} has a NUL character", nameof(value));
        }

        return $"{ShellText.Export(shell, name, value)}\n";
    }

    [GeneratedRegex(@"\A[A-Za-z_][A-Za-z0-9_]*\z", RegexOptions.CultureInvariant)]
    private static partial Regex Name();
}
