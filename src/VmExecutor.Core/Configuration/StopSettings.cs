using VmExecutor.Core.Configuration.Options;

namespace VmExecutor.Core.Configuration;

/// <summary>The way in which cleanup ends a clone.</summary>
public sealed record StopSettings
{
    public StopMode Mode { get; init; } = StopMode.Destroy;

    /// <summary>With <see cref="StopMode.Shutdown"/>: how long the guest may take before it is destroyed.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(30);

    internal static readonly Section<StopSettings> Keys = new Section<StopSettings>(new())
        .Key("mode", Kinds.Choice<StopMode>(),
            "How cleanup ends a clone. destroy: at once, as if the power were cut. shutdown: asked first, destroyed when 'grace' is over.",
            "shutdown", it => it.Mode, (it, value) => it with { Mode = value })
        .Key("grace", Kinds.Duration(),
            "How long a guest that was asked to shut down may take.",
            "1m", it => it.Grace, (it, value) => it with { Grace = value }, onlyWith: new("mode", "shutdown"));
}

public enum StopMode
{
    /// <summary>At once, as if the power were cut; its disks are thrown away anyway.</summary>
    Destroy,

    /// <summary>Asked to shut down, asked again, destroyed when the grace period is over.</summary>
    Shutdown,
}
