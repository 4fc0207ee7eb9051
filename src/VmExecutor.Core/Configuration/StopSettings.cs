namespace VmExecutor.Core.Configuration;

/// <summary>How cleanup ends a clone.</summary>
public sealed record StopSettings
{
    public StopMode Mode { get; init; } = StopMode.Destroy;

    /// <summary>With <see cref="StopMode.Shutdown"/>: how long the guest may take before it is destroyed.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(30);
}

public enum StopMode
{
    /// <summary>At once, as if the power were cut; its disks are thrown away anyway.</summary>
    Destroy,

    /// <summary>Asked to shut down, asked again, destroyed when the grace period is over.</summary>
    Shutdown,
}
