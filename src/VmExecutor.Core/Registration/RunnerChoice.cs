using VmExecutor.Core.Failures;
using VmExecutor.Core.Health.Runner;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Registration;

/// <summary>Finds the runner in config.toml that is meant.</summary>
internal sealed class RunnerChoice(IReadOnlyList<RunnerEntry> runners, AbsolutePath file, IReadOnlyList<RunnerKey> keys, RunnerRequest request)
{
    private enum Stages
    {
        /// <summary>It has another executor.</summary>
        None,

        /// <summary>None is said.</summary>
        Empty,

        /// <summary>All that are said are this driver's.</summary>
        Ours,

        /// <summary>One is something else.</summary>
        Foreign,
    }

    /// <param name="isComplete">Whether nothing is to be added to a runner.</param>
    /// <returns>Its index; one past the last: a new one.</returns>
    /// <exception cref="SystemFailureException">That is not clear, or it has other stages.</exception>
    public int Find(Func<int, bool> isComplete)
    {
        if (request.Name is { } name)
        {
            return Named(name);
        }

        if (request.Token is { } token)
        {
            var known = Where(runner => runner.Token?.IsSame(token) == true);
            return known is [var one, ..] ? Usable(one) : runners.Count;
        }

        var ours = Having(Stages.Ours);
        return (Having(Stages.Empty), ours) switch
        {
            ([var one], _) => one,
            ([_, _, ..] several, _) => throw Unclear($"{file} has {several.Count} runners without stages: {Names(several)}", "Say which one with --runner NAME."),
            ([], []) => Replaceable(),
            _ => Incomplete([.. ours.Where(one => !isComplete(one))], ours[0]),
        };
    }

    private int Incomplete(List<int> incomplete, int otherwise) => incomplete switch
    {
        [] => otherwise,
        [var one] => one,
        _ => throw Unclear($"{file} has {incomplete.Count} runners with these stages to which keys would be added: {Names(incomplete)}", "Say which one with --runner NAME."),
    };

    private int Named(string name)
    {
        var named = Where(runner => runner.Name == name);
        return named switch
        {
            [] when request.Token is not null => runners.Count,
            [] => throw Unclear(
                $"{file} has no runner called '{name}'{(runners.Count == 0 ? "" : $"; it has {Names(Where(_ => true))}")}",
                "Name one of them, or give --url and --token-file for a new one."),
            [var one] when request.Token is { } token && runners[one].Token?.IsSame(token) != true => throw Unclear(
                $"runner '{name}' in {file} has another token than the one given", "Leave --token-file out to add stages to it, or give a new runner another name."),
            [var one] => Usable(one),
            _ => throw Unclear($"{file} has {named.Count} runners called '{name}'", "Give them names of their own."),
        };
    }

    private int Usable(int index) => (StagesOf(runners[index]), request.Replaces) switch
    {
        (Stages.None, _) => throw Unclear(
            $"runner {NameOf(index)} in {file} has executor = \"{PlainText.OneLine(runners[index].Executor ?? "", 100)}\"", "Register another with --executor custom, and name that one."),
        (Stages.Foreign, false) => throw Foreign(index),
        _ => index,
    };

    private int Replaceable() => (Having(Stages.Foreign), request.Replaces) switch
    {
        ([var one], true) => one,
        ([var one], false) => throw Foreign(one),
        ([_, ..] several, true) => throw Unclear($"{file} has {several.Count} runners with the stages of another driver: {Names(several)}", "Say which one with --runner NAME."),
        _ => throw Unclear(
            $"{file} has no runner with 'executor = \"custom\"' and without stages",
            "Register one: gitlab-runner register --executor custom; or give --url and --token-file for a new one."),
    };

    private SystemFailureException Foreign(int index)
    {
        var other = runners[index].Custom!.Stages.First(stage => IsForeign(stage));
        var said = other.Exec is { } exec && !IsOurs(other) ? $"{other.Stage}_exec = {RunnerStages.Quote(exec)}" : $"{other.Stage}_args";
        return new SystemFailureException(
            ErrorCodes.RunnerHasOtherStages,
            $"runner {NameOf(index)} in {file} has stages already, and they are not these: {PlainText.OneLine(said, 200)}",
            $"Let them be exchanged with --replace, or write by hand, in place of what is there:\n{RunnerInstallation.ByHand(keys.Where(key => key.Table.Count > 0))}");
    }

    private Stages StagesOf(RunnerEntry runner) => runner switch
    {
        not { Executor: "custom" } => Stages.None,
        { Custom: { } custom } when custom.Stages.Any(IsForeign) => Stages.Foreign,
        { Custom: { } custom } when custom.Stages.Any(stage => stage.Exec is not null) => Stages.Ours,
        _ => Stages.Empty,
    };

    /// <summary>Arguments without a program of ours are meant for another.</summary>
    private bool IsForeign(StageCommand stage) => !IsOurs(stage) && (stage.Exec is not null || (stage.Arguments.Count > 0 && !HasOurArguments(stage)));

    private bool IsOurs(StageCommand stage) => stage.Exec is { } exec && Says($"{stage.Stage}_exec", RunnerStages.Quote(exec));

    private bool HasOurArguments(StageCommand stage) => Says($"{stage.Stage}_args", $"[{string.Join(", ", stage.Arguments.Select(RunnerStages.Quote))}]");

    private bool Says(string name, string value) => keys.Any(key => key.Name == name && key.Value == value);

    private List<int> Having(Stages stages) => Where(runner => StagesOf(runner) == stages);

    private List<int> Where(Func<RunnerEntry, bool> isMeant) => [.. runners.Index().Where(one => isMeant(one.Item)).Select(one => one.Index)];

    private string Names(IEnumerable<int> those) => string.Join(", ", those.Select(NameOf));

    private string NameOf(int index) => $"'{PlainText.OneLine(runners[index].Name, 100)}'";

    private static SystemFailureException Unclear(string message, string hint) => new(ErrorCodes.RunnerNotChosen, message, hint);
}
