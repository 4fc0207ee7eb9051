using System.Text;
using VmExecutor.RunnerSimulator.Jobs;

namespace VmExecutor.RunnerSimulator.Scripts;

/// <summary>Scripts for bash and sh (shells/bash.go).</summary>
internal sealed class BashWriter(ScriptSettings settings, string sideDirectory) : ScriptWriter(settings, sideDirectory)
{
    public override void Variable(JobVariable variable)
    {
        if (!variable.File)
        {
            Line($"export {Quote(variable.Key)}={Quote(variable.Value)}");
            return;
        }

        var file = ScriptQuoting.Go(SideFile(variable.Key));
        Line($"mkdir -p {ScriptQuoting.Go(SideDirectory)}");
        Line($"printf '%s' {Quote(variable.Value)} > {file}");
        Line($"export {Quote(variable.Key)}={file}");
    }

    public override void SourceEnvironment(string file)
    {
        Line($"mkdir -p {ScriptQuoting.Go(SideDirectory)}");
        Line($"touch {ScriptQuoting.Go(file)}");
        Line($"while read -r line; do export \"$line\"; done < {ScriptQuoting.Go(file)}");
    }

    public override void ExportRaw(string name, string value) => Line($"export {Quote(name)}=\"{value}\"");

    public override void Command(string command, params IReadOnlyList<string> arguments)
    {
        Line(Words(Quote, command, arguments));
        CheckForErrors();
    }

    public override void CommandExpanded(string command, params IReadOnlyList<string> arguments)
    {
        Line(Words(argument => $"\"{argument}\"", command, arguments));
        CheckForErrors();
    }

    public override void CheckForErrors()
    {
        if (Settings.ChecksEachCommand)
        {
            Line("_runner_exit_code=$?; if [ $_runner_exit_code -ne 0 ]; then exit $_runner_exit_code; fi");
        }
    }

    public override void IfCommand(bool showsOutput, string command, params IReadOnlyList<string> arguments) =>
        If($"{Words(Quote, command, arguments)}{(showsOutput ? "" : " >/dev/null 2>&1")}");

    public override void IfDirectory(string path) => If($"[ -d {ScriptQuoting.Go(path)} ]");

    public override void Else()
    {
        Unindent();
        Line("else");
        Indent();
    }

    public override void EndIf()
    {
        Unindent();
        Line("fi");
    }

    public override void ChangeDirectory(string path) => Command("cd", path);

    public override void MakeDirectory(string path) => Command("mkdir", "-p", path);

    public override void RemoveFile(string path) => Command("rm", "-f", path);

    public override void RemoveDirectory(string path) => Command("rm", "-r", "-f", path);

    public override void RemoveFilesBelow(string path, string name)
    {
        IfDirectory(path);
        Line($"find {ScriptQuoting.Go(path)} -name {ScriptQuoting.Go(name)} -type f -exec rm -f {{}} +");
        EndIf();
    }

    /// <summary>One line for <see cref="ScriptWriter.Line"/>: only its first is indented, so that the here document ends.</summary>
    public override void Environment(string file, IReadOnlyDictionary<string, string> variables) =>
        Line($"cat << EOF > {file}\n{string.Concat(variables.Select(one => $"{one.Key}={ScriptQuoting.Go(one.Value)}\n"))}EOF\n");

    public override void EmptyLine() => Line("echo");

    public override void RunningOn(string? hostname) => Line(
        string.IsNullOrEmpty(hostname) ? "echo \"Running on $(hostname)...\"" : $"echo {ScriptQuoting.Go($"Running on $(hostname) via {hostname}...")}");

    public override string Finish()
    {
        var isPiped = Settings.Frame == ScriptFrame.EmptyPipe;
        var eval = Settings.Subshell ? $"(eval {Quote(Body)})" : $"eval {Quote(Body)}";
        return new StringBuilder($"#!/usr/bin/env {Settings.Shell}\n\n")
            .Append(isPiped ? "trap exit 1 TERM\n\n" : "trap 'exit 1' TERM\n\n")
            .Append(Settings.Traces ? "set -o xtrace\n" : "")
            .Append("if set -o | grep pipefail > /dev/null; then set -o pipefail; fi; set -o errexit\n")
            .Append("set +o noclobber\n")
            .Append(isPiped ? $": | {eval}\n" : $"{eval} < /dev/null\n")
            .Append("exit 0\n")
            .ToString();
    }

    protected override void Print(string text) => Line($"echo {Quote(text)}");

    protected override void Section(string name, string command)
    {
        Line($"printf '%b\\n' section_start:$(date +%s):section_{name}[hide_duration=true,collapsed=true]\r{Clear}{Quote($"{BoldGreen}{command}{Reset}")}");
        Line($"printf '%b\\n' section_end:$(date +%s):section_{name}\r{Clear}");
    }

    private void If(string condition)
    {
        Line($"if {condition}; then");
        Indent();
    }

    private string Words(Func<string, string> quote, string command, IReadOnlyList<string> arguments) =>
        string.Join(' ', arguments.Select(quote).Prepend(Quote(command)));

    private string Quote(string text) => Settings.PosixEscapes ? ScriptQuoting.Posix(text) : ScriptQuoting.Ansi(text);
}
