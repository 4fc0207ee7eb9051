using System.Globalization;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Jobs;

/// <summary>The variables the runner sets for every stage (docs/runner-contract.md section 1), as data.</summary>
public sealed class StageEnvironment(IReadOnlyDictionary<string, string> variables)
{
    /// <summary>The whole environment.</summary>
    public IReadOnlyDictionary<string, string> Variables { get; } = variables;

    /// <summary>The exit code that means a build failure; 1 where the runner does not say.</summary>
    public int BuildFailureExitCode => ExitCode("BUILD_FAILURE_EXIT_CODE", 1);

    /// <summary>The exit code that means a system failure; 2 where the runner does not say.</summary>
    public int SystemFailureExitCode => ExitCode("SYSTEM_FAILURE_EXIT_CODE", 2);

    /// <summary>The file for the script's own exit code.</summary>
    public AbsolutePath? BuildExitCodeFile => Path("BUILD_EXIT_CODE_FILE");

    public AbsolutePath? JobResponseFile => Path("JOB_RESPONSE_FILE");

    /// <summary>The attempt's directory, deleted by the runner after cleanup.</summary>
    public AbsolutePath? TemporaryDirectory => Path("TMPDIR");

    /// <summary>
    /// The runner's short token. A job author can redefine it, which only changes the name of the author's own clone:
    /// server and job id, which cannot be forged, are in the key too.
    /// </summary>
    public string? RunnerShortToken => Variables.GetValueOrDefault("CUSTOM_ENV_CI_RUNNER_SHORT_TOKEN");

    private AbsolutePath? Path(string name) =>
        AbsolutePath.TryParse(Variables.GetValueOrDefault(name), out var path) ? path : null;

    private int ExitCode(string name, int otherwise) =>
        int.TryParse(Variables.GetValueOrDefault(name), NumberStyles.None, CultureInfo.InvariantCulture, out var code) && code is > 0 and < 256
            ? code
            : otherwise;
}
