using VmExecutor.Core.Values;

namespace VmExecutor.Core.Configuration;

/// <summary>A script of the administrator that runs in the guest before the job's own.</summary>
/// <param name="Script">A file of the host, run by the image's shell as the image's user.</param>
public sealed record HookSettings(AbsolutePath Script)
{
    /// <summary>The job variables that it gets.</summary>
    public IReadOnlyList<string> Variables { get; init; } = [];

    /// <summary>How long it may take.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(5);
}
