using VmExecutor.GitlabCi;

namespace VmExecutor.Trials;

/// <summary>One job with a script of the command line's.</summary>
internal sealed class Trial(TrialFrame frame, TrialBundle bundle)
{
    /// <param name="image">The image to try.</param>
    /// <param name="script">What build_script does.</param>
    /// <param name="services">The containers beside it.</param>
    /// <param name="sources">Cloned in the guest by get_sources; null: an empty project.</param>
    /// <param name="keep">Leave the VM as it is at the end.</param>
    /// <returns>The script's exit code; where the driver failed, its stage's.</returns>
    public async Task<int> RunAsync(string image, GivenScript script, IReadOnlyList<CiService> services, TrialSources? sources, bool keep)
    {
        using var stages = new TrialStages(frame.Settings, TrialJob.New(image) with { Services = services });
        return await frame.RunAsync(stages, keep, [], guest => RunScriptsAsync(stages, guest, script, sources));
    }

    /// <summary>The project's directory in the guest.</summary>
    public static string ProjectDirectory(TrialGuest guest) => $"{guest.BuildsDirectory}/{TrialJob.DefaultProject}";

    /// <summary>The scripts whose failure is the job's, in their order.</summary>
    public static IReadOnlyList<(string Name, string Body)> SubStages(TrialGuest guest, string project, GivenScript script, bool hasSources) =>
    [
        ("prepare_script", TrialScript.PrepareScript),
        ("get_sources", TrialScript.GetSources(guest, project, hasSources)),
        ("build_script", TrialScript.Build(guest, project, script)),
    ];

    private async Task<int> RunScriptsAsync(TrialStages stages, TrialGuest guest, GivenScript script, TrialSources? sources)
    {
        var project = ProjectDirectory(guest);
        var exitCode = sources is null
            ? 0
            : await frame.MeasureAsync("(send repository)", () => bundle.SendAsync(sources, stages.Job, stages.Paths, frame.Cancelled));
        foreach (var (name, body) in SubStages(guest, project, script, sources is not null).TakeWhile(_ => exitCode == 0 && !frame.Cancelled.IsCancellationRequested))
        {
            exitCode = await frame.SubStageAsync(name, () => stages.RunScriptAsync(guest.Shell, name, body));
        }

        if (TrialFrame.IsScripts(exitCode) && !frame.Cancelled.IsCancellationRequested)
        {
            await frame.AsideAsync(stages, TrialScript.LastSubStage, () => stages.RunScriptAsync(guest.Shell, TrialScript.LastSubStage, TrialScript.LastScript));
        }

        return TrialFrame.Result(stages, exitCode);
    }
}
