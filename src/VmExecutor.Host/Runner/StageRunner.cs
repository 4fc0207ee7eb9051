using VmExecutor.Core.Health.Runner;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using VmExecutor.Host.Processes;

namespace VmExecutor.Host.Runner;

/// <summary>The part of config.toml that belongs to the runner whose job this is: what a stage may know of its runner.</summary>
/// <param name="host">Where the runner runs.</param>
/// <param name="variables">Of the stage.</param>
public sealed class StageRunner(RunnerHost host, IReadOnlyDictionary<string, string> variables)
{
    private const string ShortToken = "CUSTOM_ENV_CI_RUNNER_SHORT_TOKEN";

    /// <summary>gitlab-runner reads it for its option <c>--config</c>, and stages inherit it.</summary>
    private const string ConfigVariable = "CONFIG_FILE";

    /// <param name="starter">The process that started the stage.</param>
    /// <returns>Null: there is no such file that can be read, or which of its runners it is cannot be told.</returns>
    public RunnerEntry? Find(int starter)
    {
        var named = AbsolutePath.TryParse(variables.GetValueOrDefault(ConfigVariable), out var path) ? host.Of(path) : null;
        var places = new RunnerFiles(host, new ToolEnvironment(variables)).Places(null, GitLabRunner.Of(host, starter));
        return places.Prepend(named).OfType<AbsolutePath>().Select(Read).FirstOrDefault(runner => runner is not null);
    }

    private RunnerEntry? Read(AbsolutePath file)
    {
        try
        {
            return RunnerTomlReader.Read(RunnerFiles.Read(file)).Toml is { } toml ? Choose([.. toml.Runners.Where(runner => runner.Executor == "custom")]) : null;
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            return null;
        }
    }

    private RunnerEntry? Choose(IReadOnlyList<RunnerEntry> runners) =>
        runners.FirstOrDefault(runner => runner.Token?.Matches(variables.GetValueOrDefault(ShortToken)) == true) ?? (runners.Count == 1 ? runners[0] : null);
}
