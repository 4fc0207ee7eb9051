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
        var texts = new List<string>();
        texts.AddRange(variables.Select(variable => Export(shell, variable)));
        texts.Add($"cd {Quote(shell, directory)}");
        foreach (var line in lines.Select(line => line.Trim()))
        {
            texts.Add(Echo(shell, line));
            texts.Add(line);
            if (shell == GuestShell.Pwsh)
            {
                texts.Add("if(!$?) { exit $(if($LASTEXITCODE) { $LASTEXITCODE } else { 1 }) }");
            }
        }

        return string.Join('\n', texts) + "\n";
    }

    private static string Export(GuestShell shell, CiVariable variable) => shell == GuestShell.Pwsh
        ? $"$env:{variable.Name}={Quote(shell, variable.Value)}"
        : $"export {variable.Name}={Quote(shell, variable.Value)}";

    private static string Echo(GuestShell shell, string line)
    {
        if (line.Length == 0)
        {
            return shell == GuestShell.Pwsh ? "echo \"\"" : "echo";
        }

        var end = line.IndexOf('\n', StringComparison.Ordinal);
        var shown = Quote(shell, $"{Green}$ {(end < 0 ? line : $"{line[..end]} # collapsed multi-line command")}{Reset}");
        return shell == GuestShell.Pwsh ? $"echo {shown}" : $"printf '%s\\n' {shown}";
    }

    private static string Quote(GuestShell shell, string text) =>
        shell == GuestShell.Pwsh ? $"'{text.Replace("'", "''", StringComparison.Ordinal)}'" : ShellText.Quote(text);
}
