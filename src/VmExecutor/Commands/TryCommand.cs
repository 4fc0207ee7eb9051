using System.CommandLine;
using System.CommandLine.Parsing;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;
using VmExecutor.GitlabCi;
using VmExecutor.Host.Files;
using VmExecutor.Trials;

namespace VmExecutor.Commands;

/// <summary><c>vm-executor try</c>: one job in an image, without a GitLab.</summary>
internal static class TryCommand
{
    public static Command Create(Invocation invocation, Option<string?> config)
    {
        var image = new Argument<string?>("image") { Description = "The image to run a job in; with --gitlab-ci instead of the job's own.", Arity = ArgumentArity.ZeroOrOne };
        var words = new Argument<string[]>("command") { Description = "Behind --: a command line to run as the job's script.", Arity = ArgumentArity.ZeroOrMore };
        var script = new Option<string?>("--script") { Description = "A file with the job's script.", HelpName = "FILE" };
        var repository = new Option<string?>("--repo") { Description = "A git repository whose HEAD the job gets as its sources; with --gitlab-ci else the one that FILE is in.", HelpName = "DIR" };
        var worktree = new Option<bool>("--worktree") { Description = "The job gets the repository with what is not committed, too." };
        var service = new Option<string[]>("--service")
        {
            Description = "A container beside the job, by its image and the names that the script reaches it by: postgres:16,db. May be given several times.",
            HelpName = "IMAGE[,ALIAS]",
            AllowMultipleArgumentsPerToken = false,
        };
        var keep = new Option<bool>("--keep") { Description = "Leave the VM at the end and say how to enter it." };
        var dryRun = new Option<bool>("--dry-run") { Description = "Start, make and write nothing: say which image and VM the job would get, its variables and its scripts." };
        var json = new Option<bool>("--json") { Description = "With --dry-run: print one JSON document." };
        var ci = new GitlabCiOptions();
        var command = new Command(
            "try",
            "Run one job through all four stages as the runner would: a command, a script, or a job of a .gitlab-ci.yml. Example: vm-executor try debian-12 --repo . -- make test "
            + "Example: vm-executor try --gitlab-ci .gitlab-ci.yml --job test "
            + "Example: vm-executor try --gitlab-ci .gitlab-ci.yml --job test --dry-run")
        {
            image, words, script, repository, worktree, service, keep, dryRun, json,
        };
        ci.AddTo(command);
        command.Validators.Add(result =>
        {
            var hasScript = result.Has(script) || result.GetValue(words) is { Length: > 0 };
            if (result.Has(script) && result.GetValue(words) is { Length: > 0 })
            {
                result.AddError("Give either --script FILE or a command behind --, not both.");
            }

            ci.Check(result, hasScript, result.GetValue(image) is not null);
            if (result.GetValue(worktree) && !result.Has(repository) && !ci.IsGiven(result))
            {
                result.AddError("--worktree goes with --repo DIR or --gitlab-ci FILE.");
            }

            if (ci.IsGiven(result) && result.Has(service))
            {
                result.AddError("With --gitlab-ci the services are the job's: leave --service out.");
            }

            if (result.GetValue(json) && !result.GetValue(dryRun))
            {
                result.AddError("--json goes with --dry-run.");
            }
        });
        command.SetAction((parsed, _) => invocation.GuardAdminAsync(async token =>
        {
            var trials = new TrialTasks(invocation, parsed.GetValue(config), token);
            AbsolutePath? directory = parsed.GetValue(repository) is { } path ? DriverCommand.Resolve(path) : null;
            if (ci.Read(parsed) is { } request)
            {
                RefuseCommand(parsed);
                return await trials.RunAsync(request with
                {
                    Image = request.Image ?? parsed.GetValue(image),
                    Repository = directory,
                    WithChanges = parsed.GetValue(worktree),
                    Keep = parsed.GetValue(keep),
                    DryRun = parsed.GetValue(dryRun),
                    Json = parsed.GetValue(json),
                });
            }

            var given = new GivenScript(
                parsed.GetValue(script) is { } file ? await ReadScriptAsync(DriverCommand.Resolve(file), token) : null, parsed.GetValue(words) ?? []);
            var sources = directory is null ? null : new TrialSources(directory, parsed.GetValue(worktree));
            CiService[] services = [.. (parsed.GetValue(service) ?? []).Select(Service)];
            return parsed.GetValue(dryRun)
                ? await trials.ShowAsync(parsed.GetValue(image)!, given, services, sources, parsed.GetValue(keep), parsed.GetValue(json))
                : await trials.Trial().RunAsync(parsed.GetValue(image)!, given, services, sources, parsed.GetValue(keep));
        }));
        return command;
    }

    private static CiService Service(string text)
    {
        var words = text.Split(',', 2);
        return new CiService { Name = words[0], Alias = words.Length > 1 ? words[1] : null };
    }

    /// <summary>The first word behind <c>--</c> is taken for the image, of which only the token tells.</summary>
    private static void RefuseCommand(ParseResult parsed)
    {
        if (parsed.Tokens.Any(token => token.Type == TokenType.DoubleDash))
        {
            throw new SystemFailureException(
                ErrorCodes.UsageWrong, "with --gitlab-ci the script is the job's, so there is no command behind --", "Leave the command out, or --gitlab-ci.");
        }
    }

    private static async Task<string> ReadScriptAsync(AbsolutePath file, CancellationToken cancellationToken)
    {
        try
        {
            return await HostFile.ReadGivenTextAsync(file.Value, cancellationToken);
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw new SystemFailureException(ErrorCodes.UsageWrong, $"the script {file} cannot be read: {HostFileException.ReasonOf(e)}", "Give --script a file with the job's script.", e);
        }
    }
}
