using System.Globalization;
using Tomlyn;
using Tomlyn.Model;
using Tomlyn.Parsing;
using Tomlyn.Serialization;

namespace VmExecutor.Core.Health.Runner;

/// <summary>Reads config.toml. What the driver does not care about may be anything; what it does must be of the right kind.</summary>
public static class RunnerTomlReader
{
    private const int MostSeconds = 10 * 365 * 24 * 3600;

    private static readonly string[] Stages = ["config", "prepare", "run", "cleanup"];

    /// <param name="text">The whole file.</param>
    /// <returns>What it says, or why the runner does not start with it: one sentence for each error.</returns>
    public static (RunnerToml? Toml, IReadOnlyList<string> Errors) Read(string text)
    {
        if (TomlLimits.Problem(text) is { } problem)
        {
            return (null, [problem]);
        }

        try
        {
            var syntax = SyntaxParser.Parse(text, sourceName: "", validate: true);
            if (syntax.HasErrors)
            {
                return (null, [.. syntax.Diagnostics.Take(5).Select(one => string.Create(
                    CultureInfo.InvariantCulture, $"line {one.Span.Start.Line + 1}, column {one.Span.Start.Column + 1}: {one.Message}"))]);
            }

            var errors = new List<string>();
            var table = TomlSerializer.Deserialize(text, RunnerTomlContext.Default.TomlTable) ?? [];
            var toml = Read(new Reader(table, "", errors));
            return errors.Count == 0 ? (toml, []) : (null, errors);
        }
        catch (TomlException e)
        {
            return (null, [e.Message.Split('\n')[0]]);
        }
    }

    private static RunnerToml Read(Reader root)
    {
        var defaults = new RunnerToml();
        return new RunnerToml
        {
            Concurrent = root.Number("concurrent") ?? defaults.Concurrent,
            ShutdownTimeout = root.Seconds("shutdown_timeout", defaults.ShutdownTimeout),
            Runners = [.. root.Tables("runners").Select(ReadEntry)],
        };
    }

    private static RunnerEntry ReadEntry(Reader entry) => new()
    {
        Name = entry.Text("name") ?? entry.Where,
        Url = entry.Text("url"),
        Token = entry.Text("token") is { } token ? new RunnerToken(token) : null,
        Executor = entry.Text("executor"),
        Limit = entry.Number("limit") ?? 0,
        BuildsDir = entry.Text("builds_dir"),
        CacheDir = entry.Text("cache_dir"),
        CacheType = entry.Table("cache")?.Said("Type"),
        CustomBuildDir = entry.Table("custom_build_dir")?.Switch("enabled"),
        FeatureFlags = entry.Table("feature_flags")?.Switches() ?? new Dictionary<string, bool>(),
        Environment = entry.Variables("environment"),
        Custom = entry.Table("custom") is { } custom ? ReadCustom(custom) : null,
    };

    private static CustomSection ReadCustom(Reader custom)
    {
        var stages = Stages.Select(stage => new StageCommand(stage, custom.Text($"{stage}_exec"), custom.Texts($"{stage}_args")));
        var defaults = new CustomSection { Stages = [] };
        return defaults with
        {
            Stages = [.. stages],
            Keys = [.. custom.Values.Keys],
            ConfigTimeout = custom.Seconds("config_exec_timeout", defaults.ConfigTimeout),
            PrepareTimeout = custom.Seconds("prepare_exec_timeout", defaults.PrepareTimeout),
            CleanupTimeout = custom.Seconds("cleanup_exec_timeout", defaults.CleanupTimeout),
            GracefulKill = custom.Seconds("graceful_kill_timeout", defaults.GracefulKill),
            ForceKill = custom.Seconds("force_kill_timeout", defaults.ForceKill),
        };
    }

    /// <summary>A table whose values are of the wrong kind, or not there at all.</summary>
    private sealed record Reader(TomlTable Values, string Where, List<string> Errors)
    {
        public string? Text(string key) => Said(key) is { Length: > 0 } text ? text : null;

        /// <summary>Also an empty text.</summary>
        public string? Said(string key) => Get<string>(key, "a text in quotes");

        public int? Number(string key) => Find(key) is { } value ? value is long and >= 0 and <= MostSeconds and var number ? (int)number : Wrong<int?>(key, "a whole number") : null;

        /// <summary>The runner takes 0 for its default.</summary>
        public TimeSpan Seconds(string key, TimeSpan otherwise) => Number(key) is { } seconds and > 0 ? TimeSpan.FromSeconds(seconds) : otherwise;

        public IReadOnlyList<string> Texts(string key) => Get<TomlArray>(key, "a list of texts") is not { } list ? []
            : list.All(one => one is string) ? [.. list.OfType<string>()]
            : Wrong<IReadOnlyList<string>>(key, "a list of texts") ?? [];

        /// <summary>Texts <c>NAME=value</c>; the last of a name counts, and what has no <c>=</c> is left out, as the runner does.</summary>
        public Dictionary<string, string> Variables(string key) => Texts(key).Select(text => text.Split('=', 2)).Where(parts => parts.Length == 2)
            .GroupBy(parts => parts[0], StringComparer.Ordinal).ToDictionary(same => same.Key, same => same.Last()[1], StringComparer.Ordinal);

        public Reader? Table(string key) => Get<TomlTable>(key, "a table") is { } table ? this with { Values = table, Where = Path(key) } : null;

        public bool? Switch(string key) => Find(key) is { } value ? value is bool said ? said : Wrong<bool?>(key, "true or false") : null;

        public Dictionary<string, bool> Switches() => Values.Keys.Where(key => Switch(key) is not null).ToDictionary(key => key, key => Switch(key) == true, StringComparer.Ordinal);

        public IEnumerable<Reader> Tables(string key)
        {
            IReadOnlyList<TomlTable> tables = Find(key) switch
            {
                null => [],
                TomlTableArray written => [.. written],
                TomlArray braces when braces.All(one => one is TomlTable) => [.. braces.OfType<TomlTable>()],
                _ => Wrong<IReadOnlyList<TomlTable>>(key, "written as [[runners]]") ?? [],
            };
            return tables.Select((table, index) => this with { Values = table, Where = string.Create(CultureInfo.InvariantCulture, $"{Path(key)}[{index}]") });
        }

        private T? Get<T>(string key, string kind)
            where T : class => Find(key) is { } value ? value as T ?? Wrong<T>(key, kind) : null;

        /// <summary>As the runner looks: a key that differs in case only is the same (BurntSushi/toml).</summary>
        private object? Find(string key) =>
            Values.TryGetValue(key, out var value) ? value : Values.FirstOrDefault(pair => pair.Key.Equals(key, StringComparison.OrdinalIgnoreCase)).Value;

        private T? Wrong<T>(string key, string kind)
        {
            Errors.Add($"{Path(key)} must be {kind}");
            return default;
        }

        private string Path(string key) => Where.Length == 0 ? key : $"{Where}.{key}";
    }
}

[TomlSerializable(typeof(TomlTable))]
internal sealed partial class RunnerTomlContext : TomlSerializerContext;
