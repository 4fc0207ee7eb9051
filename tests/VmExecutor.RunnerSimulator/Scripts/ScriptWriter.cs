using System.Text;
using VmExecutor.RunnerSimulator.Jobs;

namespace VmExecutor.RunnerSimulator.Scripts;

/// <summary>Writes the body of a sub-stage in the words of one shell, and the runner's frame around it (shells/shell_writer.go).</summary>
/// <param name="settings">The shell and its switches.</param>
/// <param name="sideDirectory">The directory beside the project for what is the runner's own.</param>
internal abstract class ScriptWriter(ScriptSettings settings, string sideDirectory)
{
    protected const string Reset = "\u001b[0;m";
    protected const string BoldGreen = "\u001b[32;1m";
    protected const string Yellow = "\u001b[0;33m";
    protected const string Clear = "\u001b[0K";

    private readonly StringBuilder _body = new();
    private int _indent;

    /// <summary>Takes file variables, GITLAB_ENV, and git's configuration.</summary>
    public string SideDirectory => sideDirectory;

    public ScriptSettings Settings => settings;

    protected string Body => _body.ToString();

    protected virtual string LineEnd => "\n";

    public static ScriptWriter For(ScriptSettings settings, string sideDirectory) =>
        settings.IsPowerShell ? new PowerShellWriter(settings, sideDirectory) : new BashWriter(settings, sideDirectory);

    public string SideFile(string name) => $"{sideDirectory}/{name}";

    public void Line(string text)
    {
        for (var level = 0; level < _indent; level++)
        {
            _body.Append("  ");
        }

        _body.Append(text).Append(LineEnd);
    }

    /// <summary>A variable of the job for all that follows; a file variable's content goes to a file, and its name then means the path.</summary>
    public abstract void Variable(JobVariable variable);

    /// <summary>Takes what an earlier sub-stage has put into GITLAB_ENV.</summary>
    public abstract void SourceEnvironment(string file);

    /// <summary>A variable whose value the shell expands.</summary>
    public abstract void ExportRaw(string name, string value);

    public abstract void Command(string command, params IReadOnlyList<string> arguments);

    /// <summary>A command whose arguments the shell expands.</summary>
    public abstract void CommandExpanded(string command, params IReadOnlyList<string> arguments);

    /// <summary>Behind each line of the job's author.</summary>
    public abstract void CheckForErrors();

    public abstract void IfCommand(bool showsOutput, string command, params IReadOnlyList<string> arguments);

    public abstract void IfDirectory(string path);

    public abstract void Else();

    public abstract void EndIf();

    public abstract void ChangeDirectory(string path);

    public abstract void MakeDirectory(string path);

    public abstract void RemoveFile(string path);

    public abstract void RemoveDirectory(string path);

    public abstract void RemoveFilesBelow(string path, string name);

    public abstract void Environment(string file, IReadOnlyDictionary<string, string> variables);

    public abstract void EmptyLine();

    /// <summary>The name of the guest, the first thing of a job's log that comes from there.</summary>
    public abstract void RunningOn(string? hostname);

    public void Notice(string text) => Print($"{BoldGreen}{text}{Reset}");

    public void Warning(string text) => Print($"{Yellow}{text}{Reset}");

    /// <summary>A command of the job's author, shown before it runs.</summary>
    /// <param name="command">One line, or several.</param>
    /// <param name="section">The section's name, where commands of several lines have one.</param>
    public void AuthorsCommand(string command, string section)
    {
        command = command.Trim();
        var lineEnd = command.IndexOf('\n', StringComparison.Ordinal);
        if (command.Length == 0)
        {
            EmptyLine();
        }
        else if (lineEnd < 0)
        {
            Notice($"$ {command}");
        }
        else if (settings.Sections)
        {
            Section(section, $"$ {command}");
        }
        else
        {
            Notice($"$ {command[..lineEnd]} # collapsed multi-line command");
        }

        Line(command);
        CheckForErrors();
    }

    /// <summary>The whole script.</summary>
    public abstract string Finish();

    protected abstract void Print(string text);

    protected abstract void Section(string name, string command);

    protected void Indent() => _indent++;

    protected void Unindent() => _indent--;
}
