using System.CommandLine;
using VmExecutor.Jobs;

namespace VmExecutor.Commands;

/// <summary><c>vm-executor logs</c>: what this host still knows of a job.</summary>
internal static class LogsCommand
{
    public static Command Create(Invocation invocation, Option<string?> config)
    {
        var job = JobArgument.Create(invocation, config);
        var json = new Option<bool>("--json") { Description = "Print one JSON document." };
        var service = ServiceOption.Create("Of one of the job's services, by one of its names.");
        var command = new Command(
            "logs", "Show what this host knows of a job, running or over: image, start, phases, scripts and their exit codes, the console's last lines, its lines in the ledger. With --service: of a service that is a VM the same, of one in a container the last lines that it has printed. Example: vm-executor logs 4711")
        {
            job, service, json,
        };
        command.SetAction((parsed, _) => invocation.GuardAdminAsync(async token =>
        {
            using var machine = invocation.MachineWithoutImages(parsed.GetValue(config));
            var jobs = new JobsAtHand(machine.Settings, machine.Time);
            if (parsed.GetValue(service) is not { } name)
            {
                return Tell(await JobStory.FindAsync(parsed.GetRequiredValue(job), jobs, machine.StateDir, token), parsed.GetValue(json));
            }

            var (key, directory) = jobs.Find(parsed.GetRequiredValue(job));
            if (jobs.TryFindService(directory, name) is { } vm)
            {
                return Tell(await JobStory.OfServiceAsync(vm, jobs, token), parsed.GetValue(json));
            }

            (await new GuestEntry(machine).LinesOfAsync(key, directory, name, token)).ToList().ForEach(invocation.Output.WriteLine);
            return ExitCodes.Success;
        }));
        return command;

        int Tell(JobStory story, bool asJson)
        {
            if (asJson)
            {
                invocation.Output.WriteLine(JobStoryJson.Write(story));
            }
            else
            {
                JobStoryText.Write(story).ToList().ForEach(invocation.Output.WriteLine);
            }

            return ExitCodes.Success;
        }
    }
}
