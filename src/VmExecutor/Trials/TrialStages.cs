using VmExecutor.Core.Clones;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Health.Runner;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Files;
using VmExecutor.Host.Standby;

namespace VmExecutor.Trials;

/// <summary>The stages of one job as the runner would call them, with what the runner gives them: a directory, a job response, an environment.</summary>
internal sealed class TrialStages : IDisposable
{
    private readonly string _directory = HostDirectory.CreateTempSubdirectory("custom-executor");
    private readonly Dictionary<string, string> _environment;
    private readonly StageProcess _process;
    private readonly AbsolutePath _stateDir;

    /// <param name="settings">Whose configuration the stages read.</param>
    /// <param name="job">The job.</param>
    public TrialStages(Settings settings, TrialJob job)
    {
        HostFile.WriteAllText(Response, job.ToResponse());
        Job = job.ToJob();
        _stateDir = settings.StateDir;
        _environment = new Dictionary<string, string>(job.ToVariables())
        {
            ["VM_EXECUTOR_CONFIG"] = settings.File.Value,
            ["TMPDIR"] = _directory,
            ["JOB_RESPONSE_FILE"] = Response,
            ["BUILD_EXIT_CODE_FILE"] = ExitCodeFile,
            ["BUILD_FAILURE_EXIT_CODE"] = "1",
            ["SYSTEM_FAILURE_EXIT_CODE"] = "2",
        };
        _process = new StageProcess(_environment, _directory);
    }

    /// <summary>The runner that the job is run for, which decides how its scripts are written; null: one that says nothing of it.</summary>
    public RunnerEntry? Runner { get; set; }

    /// <summary>The job as the stages see it.</summary>
    public Job Job { get; }

    /// <summary>Of its clone, which prepare decides.</summary>
    public JobPaths Paths => JobPaths.For(_stateDir, new TakenLinks(_stateDir).CloneOf(Job.Key));

    public string Response => Path.Combine(_directory, "response.json");

    /// <summary>The file for a script's own exit code.</summary>
    public string ExitCodeFile => Path.Combine(_directory, "build_exit_code");

    /// <summary>The record that prepare has left; null: it has not come this far.</summary>
    public JobRecord? Record => JobDirectory.At(Paths).Read();

    /// <summary>As the runner tells it from after_script on.</summary>
    /// <param name="status"><c>success</c> or <c>failed</c>.</param>
    public void SetStatus(string status) => _environment["CUSTOM_ENV_CI_JOB_STATUS"] = status;

    /// <summary>As the runner tells it once it knows where it builds.</summary>
    public void SetProjectDirectory(string directory) => _environment["CUSTOM_ENV_CI_PROJECT_DIR"] = directory;

    /// <inheritdoc cref="StageProcess.RunAsync"/>
    public Task<(int ExitCode, string Answer)> RunAsync(
        IEnumerable<string> arguments, StageOutput output = StageOutput.Passed, CancellationToken over = default) =>
        _process.RunAsync(arguments, output, over);

    /// <summary>A sub-stage with a script as the runner would make it.</summary>
    /// <param name="shell">What runs it.</param>
    /// <param name="name">The sub-stage.</param>
    /// <param name="body">What it does.</param>
    /// <param name="output">The treatment of its output.</param>
    /// <param name="over">When its time is over.</param>
    public async Task<(int ExitCode, string Answer)> RunScriptAsync(
        GuestShell shell, string name, string body, StageOutput output = StageOutput.Passed, CancellationToken over = default)
    {
        var script = Path.Combine(HostDirectory.CreateTempSubdirectory("script"), shell == GuestShell.Pwsh ? "script.ps1" : "script");
        try
        {
            await HostFile.WriteAllTextAsync(script, RunnerScript.Wrap(shell, body, RunnerNeeds.IsPosix(Runner, _environment.GetValueOrDefault($"CUSTOM_ENV_{RunnerQuoting.PosixFlag}"))), CancellationToken.None);
            return await RunAsync(["run", script, name], output, over);
        }
        finally
        {
            HostDirectory.TryDelete(Path.GetDirectoryName(script)!);
        }
    }

    public void Dispose() => HostDirectory.TryDelete(_directory);
}
