using VmExecutor.Core.Benchmarks;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Observing;
using VmExecutor.Host.Processes;
using VmExecutor.Trials;

namespace VmExecutor.Benchmarks;

/// <summary>One job's way from prepare to cleanup, with a clock beside it; each stage is a process, as with the runner.</summary>
internal sealed class BenchClone(Settings settings, TrialJob job, BenchStart start, TextWriter error, TimeProvider time) : IDisposable
{
    private const string DiskWords = "project disk: ";

    private readonly TrialStages _stages = new(settings, job.WithMemory(start.Memory?.ToString()));
    private Measurement? _measurement;
    private string _said = "";

    /// <summary>The measurement; null: prepare has not come to its end.</summary>
    public Measurement? Measurement => _measurement;

    /// <summary>The template that it woke up from; null: it booted.</summary>
    public AbsolutePath? Template { get; private set; }

    /// <summary>The words of prepare why it has no project disk; null: its guest has mounted one.</summary>
    public string? WhyNoDisk => Record().ProjectDisk is { IsMounted: true } ? null
        : _said.Split('\n').LastOrDefault(line => line.Contains(DiskWords, StringComparison.Ordinal)) is { } line ? PlainText.OneLine(line[(line.IndexOf(DiskWords, StringComparison.Ordinal) + DiskWords.Length)..], 300)
        : "prepare gave it none";

    /// <exception cref="SystemFailureException">It failed, or the clone was started in another way.</exception>
    public async Task PrepareAsync()
    {
        var config = await MeasureAsync(() => _stages.RunAsync(["config"], StageOutput.Kept), "config");
        var seconds = await MeasureAsync(() => _stages.RunAsync(["prepare", "--start", start.Kind], StageOutput.Kept), "prepare");
        var record = Record();
        if (record.Start != start.Kind)
        {
            throw new SystemFailureException(
                ErrorCodes.Bug, $"prepare was told to start {start.Kind}, and {_stages.Job.Key.Domain} was started {record.Start}", "Please report it.");
        }

        Template = record.Template is { } template ? new AbsolutePath(template) : null;
        _measurement = new Measurement { ConfigSeconds = config, PrepareSeconds = seconds, Phases = [.. record.Phases] };
    }

    /// <summary>Looks at what it takes of the host, as long as it lives.</summary>
    public void Look()
    {
        var qemu = new JobProcesses(settings.StateDir, time).Find()
            .FirstOrDefault(process => process.Kind == JobProcessKind.Qemu && process.Job == _stages.Paths.Key);
        var memory = qemu is null
            ? new GuestMemory(null, null)
            : GuestMemory.Read(qemu.Process.Pid, Template?.Child(Core.Templates.Template.RamName), Record().Claim?.MemoryBytes ?? 0);
        _measurement = _measurement! with
        {
            PssBytes = memory.PssBytes,
            OwnGuestMemoryBytes = memory.OwnGuestMemoryBytes,
            DiskBytes = JobDirectory.At(_stages.Paths).DiskBytes(),
        };
    }

    /// <summary>The sub-stages of a job that does nothing.</summary>
    /// <exception cref="SystemFailureException">One failed.</exception>
    public async Task RunScriptsAsync()
    {
        var shell = Enum.Parse<GuestShell>(Record().Shell, ignoreCase: true);
        var seconds = new List<double>();
        for (var script = 0; script < Floor.SubStages; script++)
        {
            seconds.Add(await MeasureAsync(() => _stages.RunScriptAsync(shell, "build_script", Floor.Script, StageOutput.Kept), "run"));
        }

        _measurement = _measurement! with { ScriptSeconds = seconds };
        _stages.SetStatus("success");
    }

    /// <summary>Runs a script that is not measured.</summary>
    /// <exception cref="SystemFailureException">It failed.</exception>
    public async Task RunScriptAsync(string script)
    {
        await MeasureAsync(() => _stages.RunScriptAsync(Enum.Parse<GuestShell>(Record().Shell, ignoreCase: true), "build_script", script, StageOutput.Kept), "run");
        _stages.SetStatus("success");
    }

    /// <summary>The bare commands instead of the driver's sub-stages. The VM is gone afterwards; its files are not.</summary>
    /// <exception cref="ToolMissingException">There is no virsh.</exception>
    public Task<FloorMeasurement> MeasureFloorAsync(BenchFloor floor, CancellationToken cancellationToken) =>
        floor.MeasureAsync(Record(), _stages.Paths.Directory, cancellationToken);

    /// <summary>Also after a failure.</summary>
    /// <exception cref="SystemFailureException">It failed.</exception>
    public async Task CleanupAsync()
    {
        var seconds = await MeasureAsync(() => _stages.RunAsync(["cleanup"], StageOutput.Kept), "cleanup");
        if (_measurement is not null)
        {
            var disk = _measurement.ScriptSeconds.Count > 0 && job.ProjectId is not null ? LedgerReader.Read(settings.StateDir).LastOrDefault(line => line.Job == _stages.Job.Key.Value)?.ProjectDisk : null;
            _measurement = _measurement with { CleanupSeconds = seconds, UnmountSeconds = disk?.UnmountSeconds, PromoteSeconds = disk?.PromoteSeconds };
        }
    }

    public void Dispose() => _stages.Dispose();

    private JobRecord Record() => _stages.Record ?? throw new SystemFailureException(
        ErrorCodes.GuestNotPrepared, $"{_stages.Paths.Record} cannot be read", "See whether the VM was removed meanwhile: vm-executor list");

    private async Task<double> MeasureAsync(Func<Task<(int ExitCode, string Answer)>> run, string stage)
    {
        var started = time.GetTimestamp();
        var (exitCode, answer) = await run();
        _said = answer;
        var seconds = time.GetElapsedTime(started).TotalSeconds;
        if (exitCode == 0)
        {
            return Math.Round(seconds, 3);
        }

        await error.WriteAsync(answer);
        throw new SystemFailureException(
            ErrorCodes.ToolFailed,
            $"{start.Name} start of image '{job.Image}': the stage {stage} failed with exit code {exitCode}",
            "Its error message is above. The VM is removed again.");
    }
}
