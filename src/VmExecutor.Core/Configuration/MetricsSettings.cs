using VmExecutor.Core.Values;

namespace VmExecutor.Core.Configuration;

/// <summary>Numbers for Prometheus.</summary>
public sealed record MetricsSettings
{
    /// <summary>Written anew after each cleanup and gc, for node_exporter's textfile collector; null: only by <c>vm-executor metrics</c>.</summary>
    public AbsolutePath? File { get; init; }
}
