using System.CommandLine;
using VmExecutor.Jobs;

namespace VmExecutor.Commands;

/// <summary><c>vm-executor logs</c>: what this host still knows of a job.</summary>
internal static class LogsCommand
{
    public static Command Create(Composition composition, Option<string?> config)
    {
        var job = JobArgument.Create(composition, config);
        var json = new Option<bool>("--json") { Description = "Print one JSON document." };
        var command = new Command(
            "logs", "Show what this host knows of a job, running or over: image, start, phases, scripts and their exit codes, the console's last lines, its lines in the ledger. Example: vm-executor logs 4711")
        {
            job, json,
        };
        command.SetAction((parsed, _) => composition.GuardAdminAsync(async token =>
        {
            var settings = composition.LoadWithoutImages(parsed.GetValue(config));
            var story = await JobStory.FindAsync(parsed.GetRequiredValue(job), settings, composition.Time, token);
            if (parsed.GetValue(json))
            {
                composition.Output.WriteLine(JobStoryJson.Write(story));
            }
            else
            {
                JobStoryText.Write(story).ToList().ForEach(composition.Output.WriteLine);
            }

            return ExitCodes.Success;
        }));
        return command;
    }
}
