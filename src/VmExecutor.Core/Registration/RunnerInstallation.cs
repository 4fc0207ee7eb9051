using VmExecutor.Core.Failures;
using VmExecutor.Core.Health.Runner;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Registration;

/// <summary>
/// Gives a runner in config.toml this driver's stages: one that was registered with a custom executor and has no stages yet, or a new one
/// at the end. Keys that are absent are added, and keys that are there and empty are filled, as <c>gitlab-runner register</c> leaves them
/// (<c>run_exec = ""</c>). An administrator's own values are never changed, unless another driver's stages are to be replaced.
/// </summary>
public static class RunnerInstallation
{
    private const string Remark = "Added by 'vm-executor install'. Each limit and its reason: executor/config.toml of vm-executor.";
    private const string Array = "runners";
    private const string Bom = "\ufeff";

    /// <param name="text">config.toml; empty: there is none yet.</param>
    /// <param name="file">Its path, for messages.</param>
    /// <param name="request">The runner that is meant.</param>
    /// <param name="keys">The keys that it must have.</param>
    /// <returns>Null: that runner says all of it already.</returns>
    /// <exception cref="SystemFailureException">It cannot be read, or which runner is meant is not clear, or that one has other stages.</exception>
    public static RunnerEdit? Decide(string text, AbsolutePath file, RunnerRequest request, IReadOnlyList<RunnerKey> keys)
    {
        var (toml, errors) = RunnerTomlReader.Read(text);
        if (toml is null)
        {
            throw new SystemFailureException(
                ErrorCodes.RunnerConfigUnusable, $"{file} cannot be read: {string.Join("; ", errors)}", "Correct it first; GitLab Runner does not start with it either.");
        }

        var mark = text.StartsWith(Bom, StringComparison.Ordinal) ? Bom : "";
        var editor = new TomlEditor(text[mark.Length..]);
        var choice = new RunnerChoice(toml.Runners, file, keys, request);
        var index = choice.Find(one => Missing(editor, one, keys, replaces: false).Count == 0);
        IReadOnlyList<RunnerKey> set = index == toml.Runners.Count ? [.. New(file, request), .. keys] : Missing(editor, index, keys, request.Replaces);
        if (set.Count == 0)
        {
            return null;
        }

        if (index == toml.Runners.Count)
        {
            editor.AddElement(Array, Section(set), Braces(set));
        }
        else
        {
            Fill(editor, Runners(editor)[index], set);
        }

        var (after, changes) = editor.Apply();
        if (!TomlProof.Holds(text[mark.Length..], after, index, set))
        {
            throw new SystemFailureException(
                ErrorCodes.RunnerConfigUnusable,
                $"vm-executor cannot add keys to {file} without changing what the file says already, so the file was not changed",
                $"Add these lines by hand:\n{ByHand(set)}");
        }

        var name = index == toml.Runners.Count ? request.NewName : toml.Runners[index].Name;
        return new RunnerEdit(mark + after, name, request.Token is not { } token ? changes : [.. changes.Select(change => change with { Line = change.Line.Replace(RunnerStages.Quote(token), "\"[hidden]\"", StringComparison.Ordinal) })]);
    }

    /// <summary>The lines that make a runner this driver's, to be written by hand.</summary>
    internal static string ByHand(IEnumerable<RunnerKey> keys) => string.Join('\n', Section(keys));

    /// <summary>The keys that the runner does not have, or has without a value.</summary>
    private static IReadOnlyList<RunnerKey> Missing(TomlEditor editor, int runner, IReadOnlyList<RunnerKey> keys, bool replaces) =>
        [.. keys.Where(key => Find(Runners(editor)[runner], key) is not { Value: not null } found || found.IsEmptyValue || (replaces && key.IsOfStage && !editor.Says(found, key)))];

    private static List<TomlNode> Runners(TomlEditor editor) => editor.Root.Find(Array)?.Elements ?? [];

    private static TomlNode? Find(TomlNode runner, RunnerKey key) => key.Table.Append(key.Name).Aggregate((TomlNode?)runner, (node, name) => node?.Find(name));

    /// <summary>The runner's own keys come before its tables, as TOML wants them.</summary>
    private static void Fill(TomlEditor editor, TomlNode runner, IReadOnlyList<RunnerKey> set)
    {
        foreach (var group in set.GroupBy(key => key.Table.Count == 0 ? "" : key.Table[0]).OrderBy(group => group.Key.Length > 0))
        {
            foreach (var key in group.Where(key => Find(runner, key) is { Value: not null }))
            {
                editor.Replace(Find(runner, key)!, key);
            }

            var added = group.Where(key => Find(runner, key) is not { Value: not null }).ToList();
            var remark = group.Key == RunnerStages.Custom[0] ? Remark : null;
            if (added.Count == 0)
            {
                continue;
            }

            if (group.Key.Length == 0)
            {
                editor.Add(runner, added, remark);
            }
            else if (runner.Find(group.Key) is { IsWritten: true } table)
            {
                editor.Add(table, added, remark);
            }
            else
            {
                editor.AddTable(runner, group.Key, added, remark);
            }
        }
    }

    private static IReadOnlyList<RunnerKey> New(AbsolutePath file, RunnerRequest request) => request is { Url: { } url, Token: { } token }
        ?
        [
            new([], "name", RunnerStages.Quote(request.NewName)),
            new([], "url", RunnerStages.Quote(url)),
            new([], "token", RunnerStages.Quote(token)),
            new([], "executor", "\"custom\""),
        ]
        : throw new SystemFailureException(
            ErrorCodes.RunnerNotChosen, $"a new runner in {file} needs GitLab's address and the runner's token", "Give both --url and --token-file.");

    private static IEnumerable<string> Section(IEnumerable<RunnerKey> keys)
    {
        yield return $"[[{Array}]]";
        foreach (var group in keys.GroupBy(key => string.Join('.', key.Table)).OrderBy(group => group.Key.Length > 0))
        {
            var indent = group.Key.Length == 0 ? "  " : "    ";
            if (group.Key.Length > 0)
            {
                yield return $"  [{Array}.{group.Key}]";
            }

            if (group.Key == RunnerStages.Custom[0])
            {
                yield return $"{indent}# {Remark}";
            }

            foreach (var key in group)
            {
                yield return $"{indent}{key}";
            }
        }
    }

    private static string Braces(IEnumerable<RunnerKey> keys) => $"{{ {string.Join(", ", keys.GroupBy(key => string.Join('.', key.Table))
        .Select(group => group.Key.Length == 0 ? string.Join(", ", group) : $"{group.Key} = {{ {string.Join(", ", group)} }}"))} }}";
}
