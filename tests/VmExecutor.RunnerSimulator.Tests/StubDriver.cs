using VmExecutor.RunnerSimulator.Stages;

namespace VmExecutor.RunnerSimulator.Tests;

/// <summary>A driver of four bash scripts that note how they were called and then do what the test wants.</summary>
internal sealed class StubDriver : IDisposable
{
    private const string Answer = """echo '{"builds_dir":"/b","cache_dir":"/c"}'""";

    /// <summary>Runs the script that run was given, as a copy made by another process (see stub-driver).</summary>
    public const string RunScript = "cp $1 $NOTES/$2.script; $NOTES/$2.script";

    private readonly string _directory = Directory.CreateTempSubdirectory("vmx-simulator-").FullName;

    public StubDriver()
    {
        Directory.CreateDirectory(TempDirectory);
        foreach (var stage in Enum.GetValues<Stage>())
        {
            File.CreateSymbolicLink(Path.Combine(_directory, Name(stage)), Path.Combine(AppContext.BaseDirectory, "stub-driver"));
            Does(stage, stage == Stage.Config ? Answer : "");
        }
    }

    /// <summary>A place for what the stubs write; known to them as <c>$NOTES</c>.</summary>
    public string Notes => _directory;

    public string TempDirectory => Path.Combine(_directory, "tmp");

    /// <summary>Each call in order: the stage and, for run, the sub-stage.</summary>
    public IReadOnlyList<string> Calls
    {
        get
        {
            var calls = Path.Combine(_directory, "calls");
            return File.Exists(calls) ? File.ReadAllLines(calls) : [];
        }
    }

    public RunnerOptions Options => RunnerOptions.ForEntryPoints(
        _directory,
        new Dictionary<string, string> { ["PATH"] = "/usr/bin:/bin", ["NOTES"] = _directory, ["FROM_RUNNER"] = "runner" },
        TempDirectory);

    public StubDriver Does(Stage stage, string body)
    {
        File.WriteAllText(Path.Combine(_directory, $"{Name(stage)}.body"), body);
        return this;
    }

    public string Note(string name) => File.ReadAllText(Path.Combine(_directory, name)).TrimEnd('\n');

    public Dictionary<string, string> EnvironmentNote(string name) =>
        File.ReadAllText(Path.Combine(_directory, name))
            .Split('\0', StringSplitOptions.RemoveEmptyEntries)
            .Select(entry => entry.Split('=', 2))
            .ToDictionary(entry => entry[0], entry => entry[1]);

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private static string Name(Stage stage) => stage.ToString().ToLowerInvariant();
}
