using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.RegularExpressions;
using VmExecutor.GitlabCi;
using VmExecutor.Trials;

namespace VmExecutor.Commands;

/// <summary>The options of <c>try</c> for a job of a <c>.gitlab-ci.yml</c>.</summary>
internal sealed partial class GitlabCiOptions
{
    private readonly Option<string?> _file = new("--gitlab-ci") { Description = "A .gitlab-ci.yml: run a job of it as GitLab would.", HelpName = "FILE" };
    private readonly Option<string?> _job = new("--job") { Description = "Which job of it; without one they are listed.", HelpName = "NAME" };
    private readonly Option<string?> _image = new("--image") { Description = "The image, instead of the job's own.", HelpName = "IMAGE" };
    private readonly Option<string?> _artifacts = new("--artifacts") { Description = "Where the job's artifacts go; else artifacts-NAME here.", HelpName = "DIR" };

    private readonly Option<string[]> _variables = new("--variable")
    {
        Description = "A variable for the job, over all others; can be given often.",
        HelpName = "NAME=VALUE",
    };

    private readonly Option<string[]> _inputs = new("--input")
    {
        Description = "A value for an input that the file's 'spec: inputs:' declares; can be given often.",
        HelpName = "NAME=VALUE",
    };

    public void AddTo(Command command)
    {
        command.Options.Add(_file);
        command.Options.Add(_job);
        command.Options.Add(_image);
        command.Options.Add(_variables);
        command.Options.Add(_inputs);
        command.Options.Add(_artifacts);
    }

    public bool IsGiven(CommandResult result) => result.Has(_file);

    public void Check(CommandResult result, bool hasScript, bool hasImage)
    {
        if (IsGiven(result))
        {
            if (hasScript)
            {
                result.AddError("With --gitlab-ci the script is the job's: no --script and no command behind --.");
            }

            if (hasImage && result.Has(_image))
            {
                result.AddError("Give the image once.");
            }
        }
        else if (!hasImage)
        {
            result.AddError("Give an image, or --gitlab-ci FILE and --job NAME.");
        }
        else if (new Option[] { _job, _image, _variables, _inputs, _artifacts }.FirstOrDefault(result.Has) is { } lonely)
        {
            result.AddError($"{lonely.Name} goes with --gitlab-ci FILE.");
        }

        foreach (var wrong in (result.GetResult(_variables)?.Tokens ?? []).Select(token => token.Value).Where(text => !Variable().IsMatch(text)))
        {
            result.AddError($"--variable takes NAME=VALUE, with letters, digits and '_' in the name, not '{wrong.Split('=')[0]}'.");
        }

        foreach (var wrong in (result.GetResult(_inputs)?.Tokens ?? []).Select(token => token.Value).Where(text => text.IndexOf('=', StringComparison.Ordinal) <= 0))
        {
            result.AddError($"--input takes NAME=VALUE, not '{wrong}'.");
        }
    }

    /// <summary>Null: no <c>.gitlab-ci.yml</c> was named.</summary>
    public GitlabCiRequest? Read(ParseResult parsed) => parsed.GetValue(_file) is not { } file
        ? null
        : new GitlabCiRequest
        {
            File = DriverCommand.Resolve(file),
            Job = parsed.GetValue(_job),
            Image = parsed.GetValue(_image),
            Variables = [.. (parsed.GetValue(_variables) ?? []).Select(text => Variable().Match(text)).Select(match => new CiVariable(match.Groups["name"].Value, match.Groups["value"].Value))],
            Inputs = (parsed.GetValue(_inputs) ?? []).Select(text => text.Split('=', 2)).GroupBy(pair => pair[0]).ToDictionary(pairs => pairs.Key, pairs => pairs.Last()[1]),
            Artifacts = parsed.GetValue(_artifacts) is { } directory ? DriverCommand.Resolve(directory) : null,
        };

    [GeneratedRegex(@"\A(?<name>[A-Za-z_][A-Za-z0-9_]*)=(?<value>.*)\z", RegexOptions.Singleline | RegexOptions.CultureInvariant)]
    private static partial Regex Variable();
}
