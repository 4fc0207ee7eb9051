using System.Globalization;
using VmExecutor.Core.Configuration.Binding.Kinds;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Configuration.Binding;

/// <summary>The keys of <c>log:</c> and <c>metrics:</c>.</summary>
internal static class ObservationKeys
{
    private static readonly LogSettings Defaults = DefaultValues.Settings.Log;

    public static readonly Section Log = new(
    [
        new("enabled", new SwitchKind(), "Whether the operator's log is written.", "false") { Default = Defaults.Enabled ? "true" : "false" },
        new("file", new PathKind(),
            "Where it is written, one JSON document per line.", "/var/log/vm-executor/vm-executor.jsonl") { Otherwise = $"`{StateFiles.Log}` in `state_dir`" },
        new("level", new ChoiceKind<LogLevel>(),
            "What is less important is left out. debug: each script, too.", "debug") { Default = ChoiceKind<LogLevel>.Word(Defaults.Level) },
        new("max_size", new SizeKind(ByteSize.FromMebibytes(1)), "From this size on a new file is begun.", "100MiB") { Default = Defaults.MaxSize.ToString() },
        new("keep", new WholeNumberKind(1, 100), "How many earlier files stay.", "10") { Default = Defaults.Keep.ToString(CultureInfo.InvariantCulture) },
        new("journal", new SwitchKind(),
            "Whether administrators' commands (gc, image publish, image warm) write their lines to stderr as well, with the priority that journald reads.", "true")
        { Default = Defaults.Journal ? "true" : "false" },
    ]);

    public static readonly Section Metrics = new(
    [
        new("file", new PathKind(),
            "Written anew after each cleanup and gc, for node_exporter's textfile collector.", "/var/lib/prometheus/node-exporter/vm-executor.prom")
        { Otherwise = "numbers only by 'vm-executor metrics'" },
    ]);

    public static LogSettings BindLog(BoundValues values) => new()
    {
        Enabled = values.Get("log.enabled", Defaults.Enabled),
        File = values.Get("log.file", Defaults.File),
        Level = values.Get("log.level", Defaults.Level),
        MaxSize = values.Get("log.max_size", Defaults.MaxSize),
        Keep = values.Get("log.keep", Defaults.Keep),
        Journal = values.Get("log.journal", Defaults.Journal),
    };

    public static MetricsSettings BindMetrics(BoundValues values) => new() { File = values.Get("metrics.file", DefaultValues.Settings.Metrics.File) };
}
