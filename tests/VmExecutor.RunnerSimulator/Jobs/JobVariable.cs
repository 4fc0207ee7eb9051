namespace VmExecutor.RunnerSimulator.Jobs;

/// <summary>A variable as GitLab sends it with the job.</summary>
/// <param name="Key">Its name; the driver sees it as <c>CUSTOM_ENV_</c> + name.</param>
/// <param name="Value">May have several lines; of a file variable this is the content.</param>
public sealed record JobVariable(string Key, string Value)
{
    public bool Public { get; init; }

    /// <summary>In the script the variable is the path of a file with this content.</summary>
    public bool File { get; init; }

    public bool Masked { get; init; }

    public bool Raw { get; init; }
}
