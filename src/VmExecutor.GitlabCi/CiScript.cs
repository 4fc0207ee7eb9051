using VmExecutor.Core.Configuration;
using VmExecutor.Core.Guests;

namespace VmExecutor.GitlabCi;

/// <summary>
/// A script as the runner writes it (its shells/abstract.go): the variables, the project's directory, then each line echoed in green and
/// run. The runner's frame around it ends it at the first line that fails.
/// </summary>
public static class CiScript
{
    private const string Green = "\u001b[32;1m";
    private const string Reset = "\u001b[0;m";

    /// <param name="shell">The image's.</param>
    /// <param name="variables">Expanded.</param>
    /// <param name="directory">The project's.</param>
    /// <param name="lines">The lines of the script.</param>
    public static string Write(GuestShell shell, IEnumerable<CiVariable> variables, string directory, IEnumerable<string> lines)
    {
        var exports = variables.Select(variable => Export(shell, variable) + "\n");
        var commands = lines.Select(line => line.Trim()).SelectMany(line => (string[])[Echo(shell, line), line]);
        return string.Concat(exports) + ShellText.Lines(shell, commands.Prepend($"cd {ShellText.Quote(shell, directory)}"));
    }

    private static string Export(GuestShell shell, CiVariable variable) => shell == GuestShell.Pwsh
        ? PowerShellText.Variable(variable.Name, variable.Value)
        : ShellText.Export(shell, variable.Name, variable.Value);

    private static string Echo(GuestShell shell, string line)
    {
        if (line.Length == 0)
        {
            return shell == GuestShell.Pwsh ? "echo \"\"" : "echo";
        }

        var end = line.IndexOf('\n', StringComparison.Ordinal);
        var shown = ShellText.Quote(shell, $"{Green}$ {(end < 0 ? line : $"{line[..end]} # collapsed multi-line command")}{Reset}");
        return shell == GuestShell.Pwsh ? $"echo {shown}" : $"printf '%s\\n' {shown}";
    }
}
