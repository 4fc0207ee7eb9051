using System.Globalization;
using VmExecutor.RunnerSimulator.Jobs;
using VmExecutor.RunnerSimulator.Stages;

namespace VmExecutor.RunnerSimulator;

/// <summary>A stage's environment in layers, later ones win (docs/runner-contract.md section 1).</summary>
internal static class StageEnvironment
{
    public const string JobVariablePrefix = "CUSTOM_ENV_";

    public static IReadOnlyDictionary<string, string> Build(
        RunnerOptions options, JobAttempt attempt, DriverReply reply, IEnumerable<JobVariable> variables)
    {
        var environment = new Dictionary<string, string>(options.Environment)
        {
            ["TMPDIR"] = attempt.TempDirectory,
            ["BUILD_FAILURE_EXIT_CODE"] = Number(StageReading.BuildFailureExitCode),
            ["SYSTEM_FAILURE_EXIT_CODE"] = Number(StageReading.SystemFailureExitCode),
            ["BUILD_EXIT_CODE_FILE"] = attempt.ExitCodeFile,
            ["JOB_RESPONSE_FILE"] = attempt.JobResponseFile,
        };
        foreach (var (name, value) in reply.JobEnvironment)
        {
            environment[name] = value;
        }

        foreach (var variable in variables)
        {
            environment[JobVariablePrefix + variable.Key] = variable.Value;
        }

        foreach (var name in options.OmittedVariables)
        {
            environment.Remove(name);
        }

        return environment;
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
