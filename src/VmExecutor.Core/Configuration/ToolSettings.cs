using VmExecutor.Core.Values;

namespace VmExecutor.Core.Configuration;

/// <summary>A file or directory of the host that the guest gets.</summary>
/// <param name="Source">Where it lies on the host; null: the runner's own executable (<c>gitlab-runner</c>).</param>
/// <param name="Target">Where it is put in the guest: the file's or directory's own path.</param>
public sealed record ToolSettings(AbsolutePath? Source, string Target)
{
    /// <summary>The word for the runner's own executable.</summary>
    public const string GitLabRunner = "gitlab-runner";
}
