using VmExecutor.RunnerSimulator.Jobs;

namespace VmExecutor.RunnerSimulator.Scripts;

/// <summary>Scripts for PowerShell (shells/powershell.go): one script block, and after each command a look at how it ended.</summary>
internal sealed class PowerShellWriter(ScriptSettings settings, string sideDirectory) : ScriptWriter(settings, sideDirectory)
{
    protected override string LineEnd => Settings.Shell == "pwsh" ? "\n" : "\r\n";

    public override void Variable(JobVariable variable)
    {
        if (variable.File)
        {
            MakeDirectory(SideDirectory);
            Line($"[System.IO.File]::WriteAllText({Path(SideFile(variable.Key))}, {ScriptQuoting.PowerShell(variable.Value)})");
        }

        Line($"${{{variable.Key}}}={(variable.File ? Path(SideFile(variable.Key)) : ScriptQuoting.PowerShell(variable.Value))}");
        Line($"${{env:{variable.Key}}}=${{{variable.Key}}}");
    }

    public override void SourceEnvironment(string file)
    {
        MakeDirectory(SideDirectory);
        Line($"if(!(Test-Path {Path(file)})) {{ New-Item -ItemType file -Force {Path(file)} | out-null }}");
        Line($"Try {{ Get-Content {Path(file)} | ForEach {{ $k, $v = $_.split('='); Set-Content env:\\$k $v}} }} Catch {{");
        Indent();
        Warning($"Unable to read env file: {Path(file)}");
        Unindent();
        Line("}");
    }

    public override void ExportRaw(string name, string value) => Line($"${{env:{name}}}=\"{value}\"");

    public override void Command(string command, params IReadOnlyList<string> arguments)
    {
        Line(Words(ScriptQuoting.PowerShell, command, arguments));
        CheckForErrors();
    }

    public override void CommandExpanded(string command, params IReadOnlyList<string> arguments)
    {
        Line(Words(argument => $"\"{argument}\"", command, arguments));
        CheckForErrors();
    }

    public override void CheckForErrors()
    {
        Line("if(!$?) { Exit &{if($LASTEXITCODE) {$LASTEXITCODE} else {1}} }");
        Line("");
    }

    public override void IfCommand(bool showsOutput, string command, params IReadOnlyList<string> arguments)
    {
        Line("Set-Variable -Name cmdErr -Value $false");
        Line("Try {");
        Indent();
        Line($"{Words(ScriptQuoting.PowerShell, command, arguments)}{(showsOutput ? "" : " 2>$null")}");
        Line("if(!$?) { throw &{if($LASTEXITCODE) {$LASTEXITCODE} else {1}} }");
        Unindent();
        Line("} Catch {");
        Indent();
        Line("Set-Variable -Name cmdErr -Value $true");
        Unindent();
        Line("}");
        Line("if(!$cmdErr) {");
        Indent();
    }

    public override void IfDirectory(string path)
    {
        Line($"if(Test-Path {Path(path)} -PathType Container) {{");
        Indent();
    }

    public override void Else()
    {
        Unindent();
        Line("} else {");
        Indent();
    }

    public override void EndIf()
    {
        Unindent();
        Line("}");
    }

    public override void ChangeDirectory(string path)
    {
        Line($"cd {Path(path)}");
        CheckForErrors();
    }

    public override void MakeDirectory(string path) => Line($"New-Item -ItemType directory -Force -Path {Path(path)} | out-null");

    public override void RemoveFile(string path) => Remove(path, "Leaf", "");

    public override void RemoveDirectory(string path) => Remove(path, "Container", " -Recurse");

    public override void RemoveFilesBelow(string path, string name)
    {
        IfDirectory(path);
        Line($"Get-ChildItem -Path {Path(path)} -Filter {ScriptQuoting.PowerShell(name)} -File -Recurse | ForEach-Object {{ Remove-Item -Force $_.FullName }}");
        EndIf();
    }

    public override void Environment(string file, IReadOnlyDictionary<string, string> variables) => Line(
        $"[System.IO.File]::WriteAllText({Path(file)}, {ScriptQuoting.PowerShell(string.Concat(variables.Select(one => $"{one.Key}={ScriptQuoting.Go(one.Value)}\n")))})");

    public override void EmptyLine() => Line("echo \"\"");

    public override void RunningOn(string? hostname) =>
        Line($"echo \"Running on $([Environment]::MachineName){(string.IsNullOrEmpty(hostname) ? "" : $" via {hostname}")}...\"");

    /// <summary>pwsh has a shebang; Windows PowerShell has a byte order mark.</summary>
    public override string Finish() => string.Concat(
        Settings.Shell == "pwsh" ? $"#!/usr/bin/env pwsh{LineEnd}" : "\ufeff",
        $"& {{{LineEnd}{LineEnd}",
        Settings.Traces ? $"Set-PSDebug -Trace 2{LineEnd}" : "",
        $"$ErrorActionPreference = \"Stop\"{LineEnd}{Body}{LineEnd}}}{LineEnd}{LineEnd}");

    protected override void Print(string text) => Line($"echo {ScriptQuoting.PowerShell(text)}");

    /// <summary>Sections are bash's alone.</summary>
    protected override void Section(string name, string command)
    {
    }

    private void Remove(string path, string kind, string how)
    {
        Line($"if( (Get-Command -Name Remove-Item2 -Module NTFSSecurity -ErrorAction SilentlyContinue) -and (Test-Path {Path(path)} -PathType {kind}) ) {{");
        Indent();
        Line($"Remove-Item2 -Force{how} {Path(path)}");
        Unindent();
        Line($"}} elseif(Test-Path {Path(path)}) {{");
        Indent();
        Line($"Remove-Item -Force{how} {Path(path)}");
        EndIf();
        Line("");
    }

    private static string Path(string path) => $"\"{path}\"";

    private static string Words(Func<string, string> quote, string command, IReadOnlyList<string> arguments) =>
        $"& {string.Join(' ', arguments.Select(quote).Prepend(ScriptQuoting.PowerShell(command)))}";
}
