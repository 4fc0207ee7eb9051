using System.Globalization;
using VmExecutor.RunnerSimulator.Processes;

namespace VmExecutor.RunnerSimulator.Stages;

/// <summary>The runner's verdict on a stage's end.</summary>
public enum Verdict
{
    Success,

    /// <summary>The job's fault: never retried.</summary>
    BuildFailure,

    /// <summary>The system's fault: config and prepare are tried again.</summary>
    SystemFailure,

    /// <summary>A system failure too, with a message that blames the driver.</summary>
    UnknownExitCode,
}

/// <summary>The runner's reading of an exit (executors/custom/command/command.go; docs/runner-contract.md section 3).</summary>
/// <param name="Verdict">Whose fault it is.</param>
/// <param name="ExitCode">The job's exit code of a build failure.</param>
/// <param name="Message">What the job log says of it.</param>
public sealed record StageReading(Verdict Verdict, int? ExitCode, string Message)
{
    /// <summary>Code of a build failure, as the runner itself expects it whatever config's job_env says.</summary>
    public const int BuildFailureExitCode = 1;

    public const int SystemFailureExitCode = 2;

    public static readonly StageReading Successful = new(Verdict.Success, null, "");

    public bool Failed => Verdict != Verdict.Success;

    internal static StageReading System(string message) => new(Verdict.SystemFailure, null, message);

    /// <summary>
    /// <paramref name="exitCodeFile"/> is BUILD_EXIT_CODE_FILE, which the runner reads and never clears; null: not a run stage.
    /// </summary>
    internal static StageReading Of(WaitStatus status, string? exitCodeFile) => status.ExitCode switch
    {
        0 => Successful,
        BuildFailureExitCode => exitCodeFile is null
            ? new StageReading(Verdict.BuildFailure, BuildFailureExitCode, status.ToString())
            : OfScript(status, exitCodeFile),
        SystemFailureExitCode => System(status.ToString()),
        _ => Unknown((status.ExitCode ?? -1).ToString(CultureInfo.InvariantCulture), status.ToString()),
    };

    private static StageReading OfScript(WaitStatus status, string exitCodeFile)
    {
        if (!File.Exists(exitCodeFile))
        {
            return new StageReading(Verdict.BuildFailure, BuildFailureExitCode, status.ToString());
        }

        var line = File.ReadLines(exitCodeFile).FirstOrDefault() ?? "";
        return int.TryParse(line, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var code)
            ? new StageReading(Verdict.BuildFailure, code, $"exit status {code}")
            : Unknown($"from BUILD_EXIT_CODE_FILE ('{line}')", status.ToString());
    }

    private static StageReading Unknown(string code, string terminatedWith) => new(
        Verdict.UnknownExitCode,
        null,
        $"unknown Custom executor executable exit code {code}; executable execution terminated with: {terminatedWith}");
}
