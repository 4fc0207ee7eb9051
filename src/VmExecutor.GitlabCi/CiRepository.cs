using VmExecutor.Core.Configuration;

namespace VmExecutor.GitlabCi;

/// <summary>The surroundings of a <c>.gitlab-ci.yml</c>: the files that it may include, and the values that it may use while it is read.</summary>
public sealed record CiRepository
{
    /// <summary>The text of a file by its path from the repository's top; null: it is not there.</summary>
    public Func<string, ConfigurationText?> Read { get; init; } = _ => null;

    /// <summary>The paths of all files, seen from the top; asked for only by wildcards and <c>exists</c>.</summary>
    public Func<IReadOnlyList<string>> Paths { get; init; } = () => [];

    /// <summary>The variables of the pipeline, which paths and rules of <c>include</c> may use.</summary>
    public IReadOnlyDictionary<string, string> Variables { get; init; } = new Dictionary<string, string>();

    /// <summary>Values for the inputs of the file itself, as texts.</summary>
    public IReadOnlyDictionary<string, string> Inputs { get; init; } = new Dictionary<string, string>();
}
