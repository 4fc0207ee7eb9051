using VmExecutor.Core.Failures;
using VmExecutor.Core.Health.Runner;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Registration;

/// <summary>
/// Makes a runner's jobs this driver's by adding lines to config.toml: to one that was registered with a custom executor and has no stages
/// yet, or as a new <c>[[runners]]</c> at the end. What is there is never changed.
/// </summary>
public static class RunnerInstallation
{
    private const string Step = "  ";
    private const string Remark = "# Added by 'vm-executor install'. Each limit and its reason: executor/config.toml of vm-executor.";

    /// <param name="text">config.toml; empty: there is none yet.</param>
    /// <param name="file">Its path, for messages.</param>
    /// <param name="request">Which runner.</param>
    /// <param name="stages">The keys of <c>[runners.custom]</c> with their values.</param>
    /// <returns>Null: that runner's stages are these already.</returns>
    /// <exception cref="SystemFailureException">It cannot be read, or which runner is meant is not clear, or that one has other stages.</exception>
    public static RunnerEdit? Decide(string text, AbsolutePath file, RunnerRequest request, IReadOnlyList<(string Key, string Value)> stages)
    {
        var (toml, errors) = RunnerTomlReader.Read(text);
        if (toml is null)
        {
            throw new SystemFailureException(
                ErrorCodes.RunnerConfigUnusable, $"{file} cannot be read: {string.Join("; ", errors)}", "Correct it first; GitLab Runner does not start with it either.");
        }

        var lines = new TomlLines(text);
        if (Find(toml, file, request, stages) is not { } index)
        {
            return null;
        }

        var name = index < 0 ? AddRunner(lines, file, request, stages) : Fill(lines, toml.Runners[index], lines.Runners()[index], request, stages);
        var (after, _) = RunnerTomlReader.Read(lines.Text);
        return name is not null && after?.Runners.Any(runner => runner.Name == name && Has(runner, stages)) == true
            ? new RunnerEdit(lines.Text, name, lines.Added)
            : throw new SystemFailureException(
                ErrorCodes.RunnerConfigUnusable,
                $"{file} is written in a way that lines cannot be added to (tables in braces, or keys with dots)",
                "Write its [[runners]] as GitLab Runner does, or copy the section from executor/config.toml.");
    }

    /// <summary>Which of the runners; -1: a new one; null: nothing is to be done.</summary>
    private static int? Find(RunnerToml toml, AbsolutePath file, RunnerRequest request, IReadOnlyList<(string Key, string Value)> stages)
    {
        var runners = toml.Runners.Index().ToList();
        if (request.Name is { } name)
        {
            var named = runners.Where(one => one.Item.Name == name).ToList();
            return named switch
            {
                [] when request.Token is not null => -1,
                [] => throw Unclear(
                    $"{file} has no runner called '{name}'{(runners.Count == 0 ? "" : $"; it has {Names(runners.Select(one => one.Item))}")}",
                    "Name one of them, or give --url and --token-file for a new one."),
                [var (index, runner)] when Has(runner, stages) => null,
                [var (index, runner)] when IsEmpty(runner) => index,
                [(_, { Executor: "custom" })] => throw Unclear(
                    $"runner '{name}' in {file} has stages already, and they are not these", "Correct its [runners.custom] by hand: 'vm-executor doctor' says what is wrong with it."),
                [(_, { Executor: var other })] => throw Unclear(
                    $"runner '{name}' in {file} has executor = \"{other}\"", "Register another with --executor custom, and name that one."),
                _ => throw Unclear($"{file} has {named.Count} runners called '{name}'", "Give them names of their own."),
            };
        }

        if (request.Token is not null)
        {
            return -1;
        }

        var empty = runners.Where(one => IsEmpty(one.Item)).ToList();
        return empty switch
        {
            [var (index, _)] => index,
            [] when runners.Any(one => Has(one.Item, stages)) => null,
            [] => throw Unclear(
                $"{file} has no runner with 'executor = \"custom\"' and without stages",
                "Register one: gitlab-runner register --executor custom; or give --url and --token-file for a new one."),
            _ => throw Unclear($"{file} has {empty.Count} runners without stages: {Names(empty.Select(one => one.Item))}", "Say which one with --runner NAME."),
        };
    }

    /// <summary>Its name; null: its table is not one that lines can be added to.</summary>
    private static string? Fill(TomlLines lines, RunnerEntry runner, IReadOnlyList<(string Name, int Line)> tables, RunnerRequest request, IReadOnlyList<(string Key, string Value)> stages)
    {
        var own = tables[0].Line;
        var indent = lines.Indent(own) + Step;
        if (tables.Where(table => table.Name == "runners.custom").Select(table => (int?)table.Line).FirstOrDefault() is { } custom)
        {
            lines.InsertAfter(custom, Table(lines.Indent(custom) + Step, Missing(runner, stages)));
        }
        else if (runner.Custom is not null)
        {
            return null;
        }
        else
        {
            // Behind the runner's own keys: before its next table, or at the end of what is its own.
            var behind = tables.Count > 1 ? tables[1].Line - 1 : EndOf(lines, own);
            lines.InsertAfter(behind, [$"{indent}[runners.custom]", .. Table(indent + Step, stages)]);
        }

        lines.InsertAfter(own, Directories(runner, request).Select(key => $"{indent}{key.Key} = {key.Value}"));
        return runner.Name;
    }

    private static string AddRunner(TomlLines lines, AbsolutePath file, RunnerRequest request, IReadOnlyList<(string Key, string Value)> stages)
    {
        if (request.Url is not { } url || request.Token is not { } token)
        {
            throw Unclear($"a new runner in {file} needs GitLab's address and the runner's token", "Give both --url and --token-file.");
        }

        var name = request.Name ?? "vm-executor";
        lines.Append(
        [
            "[[runners]]",
            $"{Step}name = {RunnerStages.Quote(name)}",
            $"{Step}url = {RunnerStages.Quote(url)}",
            $"{Step}token = {RunnerStages.Quote(token)}",
            $"{Step}executor = \"custom\"",
            $"{Step}builds_dir = {RunnerStages.Quote(request.BuildsDir)}",
            $"{Step}cache_dir = {RunnerStages.Quote(request.CacheDir)}",
            $"{Step}[runners.custom]",
            .. Table(Step + Step, stages),
        ]);
        return name;
    }

    private static IEnumerable<string> Table(string indent, IEnumerable<(string Key, string Value)> keys) => keys.Select(key => $"{indent}{key.Key} = {key.Value}").Prepend(indent + Remark);

    private static IEnumerable<(string Key, string Value)> Directories(RunnerEntry runner, RunnerRequest request)
    {
        if (runner.BuildsDir is null)
        {
            yield return ("builds_dir", RunnerStages.Quote(request.BuildsDir));
        }

        if (runner.CacheDir is null)
        {
            yield return ("cache_dir", RunnerStages.Quote(request.CacheDir));
        }
    }

    /// <summary>A limit that somebody has set stays.</summary>
    private static IEnumerable<(string Key, string Value)> Missing(RunnerEntry runner, IEnumerable<(string Key, string Value)> stages) => stages.Where(key => runner.Custom?.Keys.Contains(key.Key) != true);

    /// <summary>The last line before the next table that is not the runner's.</summary>
    private static int EndOf(TomlLines lines, int own)
    {
        var next = lines.Headers().Where(line => line > own).DefaultIfEmpty(lines.Count).Min() - 1;
        while (next > own && lines.IsBlankOrRemark(next))
        {
            next--;
        }

        return next;
    }

    private static bool IsEmpty(RunnerEntry runner) => runner.Executor == "custom" && runner.Custom?.Stages.Any(stage => stage.Exec is not null) != true;

    /// <summary>Whether its stages are these programs.</summary>
    private static bool Has(RunnerEntry runner, IReadOnlyList<(string Key, string Value)> stages) =>
        runner.Executor == "custom" && runner.Custom?.Stages.All(stage => stage.Exec is { } exec && stages.Any(key => key.Key == $"{stage.Stage}_exec" && key.Value == RunnerStages.Quote(exec))) == true;

    private static string Names(IEnumerable<RunnerEntry> runners) => string.Join(", ", runners.Select(runner => $"'{runner.Name}'"));

    private static SystemFailureException Unclear(string message, string hint) => new(ErrorCodes.RunnerNotChosen, message, hint);
}
