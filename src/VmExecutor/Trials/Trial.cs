using System.Globalization;
using System.Text.Json;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Values;
using VmExecutor.Host.Clones;

namespace VmExecutor.Trials;

/// <summary>
/// One job through all four stages as the runner would do it, each stage a process of its own; no GitLab is asked.
/// </summary>
internal sealed class Trial(Settings settings, TrialBundle bundle, TrialTimes times, TextWriter output, CancellationToken cancelled)
{
    private const int ReportedByScript = 1;

    /// <param name="image">The image to try.</param>
    /// <param name="script">What build_script does.</param>
    /// <param name="repository">Cloned in the guest by get_sources; null: an empty project.</param>
    /// <param name="keep">Leave the VM as it is at the end.</param>
    /// <returns>The script's exit code; where the driver failed, its stage's.</returns>
    public async Task<int> RunAsync(string image, string script, AbsolutePath? repository, bool keep)
    {
        using var stages = new TrialStages(settings, image);
        var kept = false;
        try
        {
            var exitCode = await UpToTheEndAsync(stages, script, repository);
            kept = keep && stages.Record?.Guest is not null;
            return exitCode;
        }
        finally
        {
            if (kept)
            {
                KeepResponse(stages);
            }
            else
            {
                Heading("cleanup");
                await times.MeasureAsync("cleanup", async () => (await stages.RunAsync(["cleanup"])).ExitCode);
            }

            times.Print(output);
        }
    }

    private async Task<int> UpToTheEndAsync(TrialStages stages, string script, AbsolutePath? repository)
    {
        var answer = string.Empty;
        var exitCode = await times.MeasureAsync("config", async () =>
        {
            (var code, answer) = await stages.RunAsync(["config"], StageOutput.Answer);
            return code;
        });
        if (exitCode != 0)
        {
            return exitCode;
        }

        var (shell, project) = ReadAnswer(answer);
        Heading("prepare_executor");
        exitCode = await times.MeasureAsync("prepare", async () => (await stages.RunAsync(["prepare"])).ExitCode);
        if (exitCode != 0)
        {
            return exitCode;
        }

        if (repository is not null)
        {
            exitCode = await times.MeasureAsync("(send repository)", () => bundle.SendAsync(repository, stages.Job, stages.Paths, cancelled));
        }

        var subStages = new (string Name, string Body)[]
        {
            ("prepare_script", TrialScript.PrepareScript),
            ("get_sources", TrialScript.GetSources(project, repository is not null)),
            ("build_script", TrialScript.Build(project, script)),
        };
        foreach (var (name, body) in subStages.TakeWhile(_ => exitCode == 0 && !cancelled.IsCancellationRequested))
        {
            exitCode = await RunSubStageAsync(stages, shell, name, body);
        }

        // The runner runs it after a failed script too, but not after a lost VM.
        if (exitCode is 0 or ReportedByScript && !cancelled.IsCancellationRequested)
        {
            await RunSubStageAsync(stages, shell, "cleanup_file_variables", ":", keepExitCode: true);
        }

        return exitCode == ReportedByScript ? ScriptExitCode(stages) : exitCode;
    }

    private async Task<int> RunSubStageAsync(TrialStages stages, GuestShell shell, string name, string body, bool keepExitCode = false)
    {
        Heading(name);
        var file = stages.ExitCodeFile;
        var reported = keepExitCode && File.Exists(file) ? await File.ReadAllTextAsync(file, CancellationToken.None) : null;
        var exitCode = await times.MeasureAsync(name, async () => (await stages.RunScriptAsync(shell, name, body)).ExitCode);
        if (reported is not null)
        {
            await File.WriteAllTextAsync(file, reported, CancellationToken.None);
        }

        return exitCode;
    }

    private static int ScriptExitCode(TrialStages stages) =>
        File.Exists(stages.ExitCodeFile)
        && int.TryParse(File.ReadAllText(stages.ExitCodeFile).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var code)
            ? code
            : ReportedByScript;

    private static (GuestShell Shell, string Project) ReadAnswer(string answer)
    {
        using var document = JsonDocument.Parse(answer);
        var shell = Enum.Parse<GuestShell>(document.RootElement.GetProperty("shell").GetString()!, ignoreCase: true);
        return (shell, $"{document.RootElement.GetProperty("builds_dir").GetString()}/{TrialJob.Project}");
    }

    private void Heading(string subStage)
    {
        output.WriteLine($"--- {subStage}");
        output.Flush();
    }

    /// <summary>So that the kept VM can be entered, and removed by the very cleanup that jobs use.</summary>
    private void KeepResponse(TrialStages stages)
    {
        var (job, paths) = (stages.Job, stages.Paths);
        var kept = paths.Directory.Child("response.json");
        File.Copy(stages.Response, kept.Value, overwrite: true);
        var directory = new JobDirectory(job.Key, paths);
        var record = directory.Read()! with { Kept = true };
        directory.Write(record);
        var guest = record.Guest!;
        output.WriteLine();
        output.WriteLine($"The VM {job.Key.Domain} was kept. Enter it:");
        output.WriteLine(
            $"  ssh -F /dev/null -i {guest.KeyFile} -p {guest.Port.ToString(CultureInfo.InvariantCulture)} -o UserKnownHostsFile={paths.KnownHosts} -o HostKeyAlias={job.Key.Domain} {guest.User}@{guest.Host}");
        output.WriteLine($"It stays until {record.Stamp.Expires.ToLocalTime():t} at most. Remove it:");
        output.WriteLine($"  JOB_RESPONSE_FILE={kept} CUSTOM_ENV_CI_RUNNER_SHORT_TOKEN=try vm-executor cleanup --config {settings.File}");
    }
}
