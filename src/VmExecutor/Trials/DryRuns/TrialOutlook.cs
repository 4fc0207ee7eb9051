using VmExecutor.Core.Values;
using VmExecutor.GitlabCi;

namespace VmExecutor.Trials.DryRuns;

/// <summary>The plan of a trial. No text in it has the value of a secret.</summary>
internal sealed record TrialOutlook
{
    public required MachineOutlook Machine { get; init; }

    public required TrialJob Job { get; init; }

    /// <summary>In the guest.</summary>
    public required string Project { get; init; }

    /// <summary>Null: the project's directory is empty.</summary>
    public TrialSources? Sources { get; init; }

    /// <summary>Of the sources; null: there are none.</summary>
    public TrialRepository? Repository { get; init; }

    /// <summary>As the job's scripts have them; empty for a command of the command line.</summary>
    public IReadOnlyList<CiVariable> Variables { get; init; } = [];

    /// <summary>The sub-stages, in their order.</summary>
    public required IReadOnlyList<PlannedScript> Scripts { get; init; }

    /// <summary>Null: the job has none.</summary>
    public CiArtifacts? Artifacts { get; init; }

    /// <summary>The directory for artifacts; null: they are not brought to the host.</summary>
    public AbsolutePath? ArtifactsDirectory { get; init; }

    /// <summary>The VM stays at the end.</summary>
    public bool Keep { get; init; }
}

/// <summary>A script that would be sent to the guest.</summary>
/// <param name="SubStage">Its name, as the runner has it.</param>
/// <param name="Body">What it does.</param>
/// <param name="Sent">The whole file, as the runner writes it around that.</param>
internal sealed record PlannedScript(string SubStage, string Body, string Sent);
