using System.CommandLine;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Keeping;
using VmExecutor.Core.Values;
using VmExecutor.Host.Keeping;
using VmExecutor.Observing;
using VmExecutor.Reports;
using VmExecutor.Trials;

namespace VmExecutor.Commands;

/// <summary><c>vm-executor replay</c>: a failed job once more, from its kept scripts.</summary>
internal static class ReplayCommand
{
    public static Command Create(Invocation invocation, Option<string?> config)
    {
        var job = new Argument<string?>("job")
        {
            Description = "The failed job: its key, its VM's name or its id; without one the jobs that can be replayed are listed.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var image = new Option<string?>("--image") { Description = "Another image than the job's.", HelpName = "IMAGE" };
        var from = new Option<string?>("--from") { Description = "Begin with this sub-stage, such as build_script.", HelpName = "SUB_STAGE" };
        var repository = new Option<string?>("--repo") { Description = "A git repository for the sources, instead of fetching them with the job's token.", HelpName = "DIR" };
        var worktree = new Option<bool>("--worktree") { Description = "The repository with what is not committed, too, instead of the job's commit." };
        var keep = new Option<bool>("--keep") { Description = "Leave the VM at the end and say how to enter it." };
        var json = new Option<bool>("--json") { Description = "List as one JSON document." };
        var command = new Command(
            "replay",
            "Run a failed job's kept scripts again in a new VM of the same image; 'keep_scripts:' keeps them. Example: vm-executor replay 4711 --repo . --keep")
        {
            job, image, from, repository, worktree, keep, json,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(worktree) && !result.Has(repository))
            {
                result.AddError("--worktree goes with --repo DIR.");
            }

            if (result.GetValue(json) && result.GetValue(job) is not null)
            {
                result.AddError("--json is for the list, without a job.");
            }
        });
        command.SetAction((parsed, _) => invocation.GuardAdminAsync(async token =>
        {
            var settings = invocation.LoadWithoutImages(parsed.GetValue(config));
            var store = new KeptScripts(settings.StateDir, settings.KeepScripts);
            var kept = store.List();
            if (parsed.GetValue(job) is not { } reference)
            {
                if (parsed.GetValue(json))
                {
                    invocation.Output.WriteLine(KeptJobReport.Write(kept));
                }
                else
                {
                    KeptJobReport.Print(kept, invocation.Output);
                    SayIfOff(invocation, settings.KeepScripts.For is null, settings.File);
                }

                return ExitCodes.Success;
            }

            var meant = Find(kept, reference, settings.KeepScripts.For is null, settings.File);
            TrialSources? sources = parsed.GetValue(repository) is { } path ? new TrialSources(DriverCommand.Resolve(path), parsed.GetValue(worktree)) : null;
            var trials = new TrialTasks(invocation, parsed.GetValue(config), token);
            return await new Replay(trials.Frame(), trials.Bundle(), new JobLog(invocation.Error))
                .RunAsync(meant, store.Of(meant), new ReplayRequest(parsed.GetValue(image), parsed.GetValue(from), sources, parsed.GetValue(keep)));
        }));
        return command;
    }

    private static void SayIfOff(Invocation invocation, bool off, AbsolutePath file)
    {
        if (off)
        {
            new JobLog(invocation.Error).Say($"No scripts are kept: 'keep_scripts: {{for: 24h}}' in {file} keeps those of failed jobs from then on.");
        }
    }

    private static KeptJob Find(IReadOnlyList<KeptJob> kept, string reference, bool off, AbsolutePath file)
    {
        var meant = kept.Where(job => job.IsMeantBy(reference)).ToList();
        return meant switch
        {
            [var one] => one,
            [] => throw new SystemFailureException(
                ErrorCodes.KeptScriptsUnknown,
                $"no scripts of a job '{PlainText.OneLine(reference, 80)}' were kept; {(kept.Count == 0 ? "there are none of any job" : $"there are those of: {string.Join(", ", kept.Select(job => job.Key))}")}",
                off
                    ? $"Scripts of failed jobs are kept only with 'keep_scripts: {{for: 24h}}' in {file}."
                    : "Only failed jobs' scripts are kept, for the time and number in 'keep_scripts:'; 'vm-executor replay' lists them."),
            _ => throw new SystemFailureException(
                ErrorCodes.KeptScriptsUnknown,
                $"'{PlainText.OneLine(reference, 80)}' means several jobs: {string.Join(", ", meant.Select(job => job.Key))}",
                "Give one of these keys."),
        };
    }
}
