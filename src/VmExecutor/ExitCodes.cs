using System.Globalization;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Health;
using VmExecutor.Core.Jobs;
using VmExecutor.Host.Files;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Observing;
using VmExecutor.Stages;

namespace VmExecutor;

/// <summary>
/// The one place that turns outcomes into exit codes (docs/runner-contract.md section 3). A stage knows three: 0, build failure and
/// system failure; anything else would be an "unknown exit code" to the runner.
/// </summary>
internal static class ExitCodes
{
    public const int Success = 0;

    /// <summary>An administrator's command found something wrong.</summary>
    public const int Problem = 1;

    /// <summary>A command that a person ran in a guest: its own exit code, as ssh passes it on.</summary>
    public static int OfGuest(int exitCode) => exitCode;

    /// <summary>The exit code of <c>doctor</c>: 0 no findings, 1 warnings, 2 problems.</summary>
    public static int For(CheckStatus worst) => worst switch
    {
        CheckStatus.Problem => 2,
        CheckStatus.Warning => Problem,
        _ => Success,
    };

    /// <summary>A script's exit: its true code goes into BUILD_EXIT_CODE_FILE.</summary>
    public static int For(ScriptExit exit, StageEnvironment environment)
    {
        if (exit.Succeeded)
        {
            return Success;
        }

        InExitCodeFile(environment, file => HostFile.WriteAllText(file, exit.ExitCode.ToString(CultureInfo.InvariantCulture) + "\n"));
        return environment.BuildFailureExitCode;
    }

    /// <summary>Clears an earlier sub-stage's exit code: the runner never does, and would take it for this one's.</summary>
    public static void Forget(StageEnvironment environment) => InExitCodeFile(environment, file =>
    {
        // A place without a directory cannot take the script's exit code later: better known before the script runs.
        if (!HostDirectory.Exists(Path.GetDirectoryName(file)!))
        {
            throw new DirectoryNotFoundException("its directory is not there");
        }

        HostFile.Delete(file);
    });

    /// <summary>A stage that failed: says why in the job log and returns the code for who must act.</summary>
    public static int For(Exception exception, StageEnvironment environment, JobLog log)
    {
        switch (exception)
        {
            case ToldFailureException told:
                log.FailAgain(told);
                return told.Original is BuildFailureException ? environment.BuildFailureExitCode : environment.SystemFailureExitCode;
            case BuildFailureException failure:
                log.Fail(failure);
                return environment.BuildFailureExitCode;
            case GuestDiedException died:
                log.ShowConsole(died.ConsoleTail);
                log.Fail(died);
                return environment.SystemFailureExitCode;
            case DriverException failure:
                log.Fail(failure);
                return environment.SystemFailureExitCode;
            case OperationCanceledException:
                log.Say("Cancelled: stopped by a signal.");
                return environment.SystemFailureExitCode;
            case IOException or UnauthorizedAccessException:
                // From below HostFile: a library's own file, or a pipe.
                log.Fail(new HostFileException("the host's file system refused", exception));
                return environment.SystemFailureExitCode;
            default:
                log.Fail(new SystemFailureException(
                    ErrorCodes.Bug,
                    $"vm-executor {DriverVersion.Text} has a bug: {exception}",
                    "Please report it with the lines above."));
                return environment.SystemFailureExitCode;
        }
    }

    private static void InExitCodeFile(StageEnvironment environment, Action<string> act)
    {
        try
        {
            if (environment.BuildExitCodeFile is { } file)
            {
                act(file.Value);
            }
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw new HostFileException($"{environment.BuildExitCodeFile} (BUILD_EXIT_CODE_FILE) cannot tell the runner a script's exit code", e);
        }
    }
}
