using System.Globalization;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Health.Runner;
using VmExecutor.Core.Values;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Files;
using VmExecutor.Host.Locks;

namespace VmExecutor.Trials;

/// <summary>
/// The steps before and after the scripts of any trial: config, prepare, and at the end cleanup, or a VM that is kept, and a table of times.
/// Each stage is a process of its own; no GitLab is asked.
/// </summary>
internal sealed class TrialFrame(Settings settings, RunnerEntry? runner, TrialTimes times, TextWriter output, CancellationToken cancelled)
{
    private const int ReportedByScript = 1;

    public Settings Settings { get; } = settings;

    public CancellationToken Cancelled { get; } = cancelled;

    /// <param name="stages">Of the job.</param>
    /// <param name="keep">Leave the VM as it is at the end.</param>
    /// <param name="prepare">Further arguments of prepare.</param>
    /// <param name="work">Runs the scripts; its exit code is the trial's.</param>
    /// <returns>The exit code of the first stage that failed, else of the work.</returns>
    public async Task<int> RunAsync(TrialStages stages, bool keep, IReadOnlyList<string> prepare, Func<TrialGuest, Task<int>> work)
    {
        var kept = false;
        stages.Runner = runner;
        try
        {
            var (exitCode, guest) = await StartAsync(stages, prepare);
            exitCode = guest is null ? exitCode : await work(guest);
            kept = keep && stages.Record?.Guest is not null;
            return exitCode;
        }
        finally
        {
            if (kept)
            {
                await KeepAsync(stages);
            }
            else
            {
                Heading("cleanup");
                await times.MeasureAsync("cleanup", async () => (await stages.RunAsync(["cleanup"])).ExitCode);
            }

            times.Print(output);
        }
    }

    /// <summary>A part that is no stage, for the table at the end.</summary>
    public Task<int> MeasureAsync(string part, Func<Task<int>> run) => times.MeasureAsync(part, run);

    /// <summary>A sub-stage with its heading.</summary>
    public Task<int> SubStageAsync(string name, Func<Task<(int ExitCode, string Answer)>> run)
    {
        Heading(name);
        return times.MeasureAsync(name, async () => (await run()).ExitCode);
    }

    /// <summary>A sub-stage whose failure is not the job's: an exit code that an earlier one has left stays.</summary>
    public async Task<int> AsideAsync(TrialStages stages, string name, Func<Task<(int ExitCode, string Answer)>> run)
    {
        var file = stages.ExitCodeFile;
        var reported = HostFile.Exists(file) ? await HostFile.ReadAllTextAsync(file, CancellationToken.None) : null;
        var exitCode = await SubStageAsync(name, run);
        if (reported is not null)
        {
            await HostFile.WriteAllTextAsync(file, reported, CancellationToken.None);
        }

        return exitCode;
    }

    /// <summary>The runner goes on after a failed script, but not after a lost VM.</summary>
    public static bool IsScripts(int exitCode) => exitCode is 0 or ReportedByScript;

    /// <summary>The script's own exit code where a script has failed, else the stage's.</summary>
    public static int Result(TrialStages stages, int exitCode) =>
        exitCode == ReportedByScript && HostFile.Exists(stages.ExitCodeFile)
        && int.TryParse(HostFile.ReadAllText(stages.ExitCodeFile).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var code)
            ? code
            : exitCode;

    public void Say(string line)
    {
        output.WriteLine(line);
        output.Flush();
    }

    private async Task<(int ExitCode, TrialGuest? Guest)> StartAsync(TrialStages stages, IReadOnlyList<string> prepare)
    {
        var answer = string.Empty;
        var exitCode = await times.MeasureAsync("config", async () =>
        {
            (var code, answer) = await stages.RunAsync(["config"], StageOutput.Answer);
            return code;
        });
        if (exitCode != 0)
        {
            return (exitCode, null);
        }

        Heading("prepare_executor");
        exitCode = await times.MeasureAsync("prepare", async () => (await stages.RunAsync(["prepare", .. prepare])).ExitCode);
        return (exitCode, exitCode == 0 ? ReadAnswer(answer) : null);
    }

    private static TrialGuest ReadAnswer(string answer)
    {
        var config = ForeignJson.Parse(answer);
        return new TrialGuest(
            Enum.Parse<GuestShell>(config.GetProperty("shell").GetString()!, ignoreCase: true),
            config.GetProperty("builds_dir").GetString()!);
    }

    private void Heading(string subStage) => Say($"--- {subStage}");

    private async Task KeepAsync(TrialStages stages)
    {
        var key = stages.Job.Key;
        var directory = JobDirectory.At(stages.Paths);
        using var locks = new StateLocks(Settings.StateDir, TimeProvider.System);
        var record = await directory.UpdateAsync(locks, now => now with { Kept = true });
        var behind = $"{key} --config {ShellText.Quote(Settings.File.Value)}";
        output.WriteLine();
        output.WriteLine($"The VM {stages.Paths.Key.Domain} was kept. Enter it:");
        output.WriteLine($"  {DriverVersion.Name} ssh {behind}");
        output.WriteLine($"It stays until {record!.Stamp.Expires.ToLocalTime():t} at most. Remove it:");
        output.WriteLine($"  {DriverVersion.Name} stop {behind}");
    }
}

/// <summary>Config's answer.</summary>
/// <param name="Shell">The image's.</param>
/// <param name="BuildsDirectory">In the guest.</param>
internal sealed record TrialGuest(GuestShell Shell, string BuildsDirectory);
