namespace VmExecutor.RunnerSimulator.Scripts;

/// <summary>The lines around a script's body, which differ between versions of the runner.</summary>
public enum ScriptFrame
{
    /// <summary>As docs/runner-contract.md section 2 describes runner 19.4: the body's stdin is <c>/dev/null</c>.</summary>
    NullInput,

    /// <summary>As runners from 12 to 18 write it (shells/bash.go): the body stands behind <c>: |</c>, so a subshell runs it, and SIGTERM ends it with the last command's status.</summary>
    EmptyPipe,
}
