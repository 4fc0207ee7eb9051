using VmExecutor.RunnerSimulator.Jobs;
using VmExecutor.RunnerSimulator.Scripts;
using VmExecutor.RunnerSimulator.Stages;

namespace VmExecutor.RunnerSimulator;

/// <summary>
/// A job driven one stage at a time, for tests that want several scripts in one VM; <see cref="RunningJob"/> drives it in
/// the runner's order.
/// </summary>
public sealed class JobSession : IDisposable
{
    private readonly RunnerOptions _options;
    private readonly SimulatedJob _job;
    private readonly CancellationToken _testGaveUp;
    private readonly JobControl _control;
    private readonly List<StageRecord> _records = [];
    private JobAttempt? _attempt;
    private int _attempts;
    private JobPhase _phase = new();

    internal JobSession(RunnerOptions options, SimulatedJob job, JobControl control, CancellationToken testGaveUp)
    {
        (_options, _job, _control, _testGaveUp) = (options, job, control, testGaveUp);
    }

    /// <summary>The job log.</summary>
    public JobLog Trace { get; } = new();

    public RunnerLog RunnerLog { get; } = new();

    /// <summary>Config's answer in this attempt.</summary>
    public DriverReply Reply { get; private set; } = DriverReply.Empty;

    public IReadOnlyList<StageRecord> Records => _records;

    /// <summary>True when an attempt was begun that no cleanup has ended.</summary>
    public bool IsOpen => _attempt is not null;

    /// <summary>The project's directory in the guest; empty before config has answered.</summary>
    public string ProjectDirectory => _phase.ProjectDirectory;

    internal JobScripts Scripts => new(Variables, _phase, Reply.Hostname);

    private IReadOnlyList<JobVariable> Variables => JobVariables.All(_job, _options, _phase);

    private string Shell => Reply.Shell ?? _options.Shell;

    /// <summary>The shell of its scripts, and the feature flags that change their text.</summary>
    public ScriptSettings ScriptSettings => ScriptSettings.Of(_options, Shell, Variables);

    /// <summary>Begins an attempt.</summary>
    public Task<StageRecord> ConfigAsync() => ConfigAsync(new StageLimits(_options.ConfigTimeout));

    public Task<StageRecord> PrepareAsync(Task? cancel = null) =>
        PrepareAsync(new StageLimits(_options.PrepareTimeout).With(cancel, Interruption.Canceled));

    /// <param name="subStage">One of <see cref="SubStages"/>, or any other name.</param>
    /// <param name="body">The script's commands, as they are; the runner's frame and its exports of all variables are put around them.</param>
    /// <param name="cancel">When it ends, the stage gets SIGTERM.</param>
    public Task<StageRecord> RunAsync(string subStage, string body, Task? cancel = null) =>
        RunAsync(subStage, to => Scripts.Plain(to, body), new StageLimits(_job.Timeout).With(cancel, Interruption.Canceled));

    /// <summary>Ends an attempt: its TMPDIR is gone afterwards. Without an attempt there is a new TMPDIR just for this call.</summary>
    public Task<StageRecord> CleanupAsync() => CleanupAsync(new StageLimits(_options.CleanupTimeout));

    /// <summary>CI_JOB_STATUS from now on.</summary>
    public void SetStatus(string status) => _phase = _phase with { Status = status };

    public void Dispose()
    {
        _attempt?.Delete();
        _attempt = null;
    }

    internal async Task<StageRecord> ConfigAsync(StageLimits limits)
    {
        if (_attempt is not null)
        {
            throw new InvalidOperationException("the attempt before was not cleaned up; the runner always does that");
        }

        Reply = DriverReply.Empty;
        var nowhere = new JobLog();
        var record = await ExecuteAsync(Stage.Config, _options.ConfigExec, _options.ConfigArguments, limits, nowhere, Trace);
        return Add(record.Reading.Failed ? record : record with { Reading = TakeReply(record.StandardOutput) });
    }

    internal async Task<StageRecord> PrepareAsync(StageLimits limits) =>
        Add(await ExecuteAsync(Stage.Prepare, _options.PrepareExec, _options.PrepareArguments, limits, Trace, Trace));

    /// <summary>The sub-stages of the job in the runner's own words.</summary>
    /// <param name="subStage">Its name.</param>
    /// <param name="write">Writes its script.</param>
    /// <param name="limits">What ends it from outside.</param>
    internal async Task<StageRecord> RunAsync(string subStage, Action<ScriptWriter> write, StageLimits limits)
    {
        var script = ScriptWriter.For(ScriptSettings, _phase.SideDirectory);
        write(script);
        IReadOnlyList<string> arguments = [.. _options.RunArguments, Attempt().WriteScript(script), subStage];
        return Add(await ExecuteAsync(Stage.Run, _options.RunExec, arguments, limits, Trace, Trace, subStage));
    }

    internal async Task<StageRecord> CleanupAsync(StageLimits limits)
    {
        var record = Add(await ExecuteAsync(
            Stage.Cleanup, _options.CleanupExec, _options.CleanupArguments, limits, RunnerLog.Debug, RunnerLog.Warnings));
        if (record.Interruption != Interruption.RunnerKilled)
        {
            Dispose();
        }

        return record;
    }

    /// <summary>A killed runner leaves its TMPDIR behind.</summary>
    internal void Forget() => _attempt = null;

    /// <summary>The current attempt's TMPDIR; null: no stage has run.</summary>
    public string? TempDirectory => _attempt?.TempDirectory;

    private JobAttempt Attempt() => _attempt ??= JobAttempt.Begin(++_attempts, _job, _options);

    private StageRecord Add(StageRecord record)
    {
        _records.Add(record);
        return record;
    }

    private Task<StageRecord> ExecuteAsync(
        Stage stage,
        string executable,
        IReadOnlyList<string> arguments,
        StageLimits limits,
        JobLog outputLog,
        JobLog errorLog,
        string? subStage = null)
    {
        var attempt = Attempt();
        var outline = new StageRecord
        {
            Stage = stage,
            SubStage = subStage,
            Attempt = attempt.Number,
            Arguments = arguments,
            Environment = StageEnvironment.Build(_options, attempt, Reply, Variables),
            WorkingDirectory = attempt.TempDirectory,
            Reading = StageReading.Successful,
        };
        return new StageExecution(_options, _testGaveUp).RunAsync(
            outline,
            executable,
            limits.With(_control.RunnerKilled, Interruption.RunnerKilled),
            stage == Stage.Run ? attempt.ExitCodeFile : null,
            outputLog,
            errorLog);
    }

    private StageReading TakeReply(byte[] output)
    {
        try
        {
            Reply = DriverReply.Parse(output);
        }
        catch (FormatException exception)
        {
            return StageReading.System(exception.Message);
        }

        // Not retried: common/build.go, StartBuild, is a build error.
        var builds = Reply.BuildsDirectory ?? _options.BuildsDirectory;
        if (string.IsNullOrEmpty(builds))
        {
            return new StageReading(Verdict.BuildFailure, null, "the builds_dir is not configured");
        }

        var shared = Reply.BuildsDirectoryIsShared == true ? $"{_options.ShortToken}/0/" : "";
        _phase = _phase with
        {
            BuildsDirectory = builds,
            CacheDirectory = Reply.CacheDirectory ?? _options.CacheDirectory ?? "",
            ProjectDirectory = $"{builds}/{shared}{(_job.IsSynthetic ? "project-0" : _job.ProjectPath)}",
        };
        return _job.Find("GIT_CLONE_PATH") is { Length: > 0 } path ? TakeClonePath(path) : StageReading.Successful;
    }

    /// <summary>As common/build.go does (getCustomBuildDir): errors of the job's author, not retried.</summary>
    private StageReading TakeClonePath(string path)
    {
        if (!_options.CustomBuildDirectory)
        {
            return new StageReading(Verdict.BuildFailure, null, "setting GIT_CLONE_PATH is not allowed, enable `custom_build_dir` feature");
        }

        path = JobVariables.Expand(path, Variables);
        if (!path.StartsWith($"{_phase.BuildsDirectory}/", StringComparison.Ordinal))
        {
            return new StageReading(Verdict.BuildFailure, null, $"the GIT_CLONE_PATH=\"{path}\" has to be within \"{_phase.BuildsDirectory}\"");
        }

        _phase = _phase with { ProjectDirectory = path };
        return StageReading.Successful;
    }
}
