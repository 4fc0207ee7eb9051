using VmExecutor.RunnerSimulator.Jobs;

namespace VmExecutor.RunnerSimulator.Scripts;

/// <summary>The shell of a job's scripts, and the switches that change their text.</summary>
public sealed record ScriptSettings
{
    private const string PosixFlag = "FF_POSIXLY_CORRECT_ESCAPES";
    private const string SubshellFlag = "FF_USE_NEW_BASH_EVAL_STRATEGY";
    private const string CheckFlag = "FF_ENABLE_BASH_EXIT_CODE_CHECK";
    private const string SectionsFlag = "FF_SCRIPT_SECTIONS";
    private const string TraceVariable = "CI_DEBUG_TRACE";

    /// <summary>The runner's feature flags that matter to scripts or to the driver; each job has all of them as variables.</summary>
    public static readonly IReadOnlyList<string> Flags =
    [
        CheckFlag, "FF_DISABLE_AUTOMATIC_TOKEN_ROTATION", "FF_ENABLE_JOB_CLEANUP", "FF_GIT_URLS_WITHOUT_TOKENS", "FF_HASH_CACHE_KEYS", PosixFlag, SectionsFlag,
        "FF_SET_PERMISSIONS_BEFORE_CLEANUP", "FF_USE_FASTZIP", "FF_USE_GIT_NATIVE_CLONE", SubshellFlag, "FF_USE_POWERSHELL_PATH_RESOLVER", "FF_USE_WINDOWS_LEGACY_PROCESS_STRATEGY",
    ];

    /// <summary><c>bash</c>, <c>sh</c>, <c>pwsh</c> or <c>powershell</c>.</summary>
    public string Shell { get; init; } = "bash";

    public ScriptFrame Frame { get; init; }

    /// <summary>Quotes as every POSIX shell reads it, not with <c>$'...'</c>.</summary>
    public bool PosixEscapes { get; init; }

    /// <summary>A subshell evaluates the body.</summary>
    public bool Subshell { get; init; }

    /// <summary>The exit status is looked at behind each command.</summary>
    public bool ChecksEachCommand { get; init; }

    /// <summary>Commands of several lines are sections of the job log.</summary>
    public bool Sections { get; init; }

    /// <summary>The shell prints each command that it runs.</summary>
    public bool Traces { get; init; }

    public bool IsPowerShell => Shell is "pwsh" or "powershell";

    /// <summary>The script's file: PowerShell's end in <c>.ps1</c>.</summary>
    public string FileName => IsPowerShell ? "script.ps1" : "script";

    /// <param name="options">The runner.</param>
    /// <param name="shell">What config answered.</param>
    /// <param name="variables">The job's, in which feature flags are decided.</param>
    internal static ScriptSettings Of(RunnerOptions options, string shell, IReadOnlyList<JobVariable> variables)
    {
        bool IsOn(string name) => IsTrue(variables.LastOrDefault(variable => variable.Key == name)?.Value);
        return new ScriptSettings
        {
            Shell = shell,
            Frame = options.ScriptFrame,
            PosixEscapes = IsOn(PosixFlag),
            Subshell = IsOn(SubshellFlag),
            ChecksEachCommand = IsOn(CheckFlag),
            Sections = IsOn(SectionsFlag),
            Traces = IsOn(TraceVariable),
        };
    }

    /// <summary>As Go reads a switch (strconv.ParseBool).</summary>
    internal static bool IsTrue(string? value) => value is "1" or "t" or "T" or "true" or "TRUE" or "True";
}
