using VmExecutor.Core.Configuration.Options;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Configuration;

/// <summary>Numbers for Prometheus.</summary>
public sealed record MetricsSettings
{
    /// <summary>Written anew after each cleanup and gc, for node_exporter's textfile collector; null: only by <c>vm-executor metrics</c>.</summary>
    public AbsolutePath? File { get; init; }

    internal static readonly Section<MetricsSettings> Keys = new Section<MetricsSettings>(new())
        .Key("file", Kinds.Path,
            "Written anew after each cleanup and gc, for node_exporter's textfile collector.",
            "/var/lib/prometheus/node-exporter/vm-executor.prom", it => it.File, (it, value) => it with { File = value },
            otherwise: "numbers only by 'vm-executor metrics'");
}
