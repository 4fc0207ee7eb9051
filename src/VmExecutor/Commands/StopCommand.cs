using System.CommandLine;
using VmExecutor.Host.Files;
using VmExecutor.Host.Leftovers;
using VmExecutor.Jobs;
using VmExecutor.Observing;

namespace VmExecutor.Commands;

/// <summary><c>vm-executor stop</c>: ends a job's VM.</summary>
internal static class StopCommand
{
    private const int LongestReply = 256;

    public static Command Create(Invocation invocation, Option<string?> config)
    {
        var job = JobArgument.Create(invocation, config);
        var yes = new Option<bool>("--yes", "-y") { Description = "Stop it without a question. The question comes only on a terminal, and only for a job that a runner works on." };
        var command = new Command(
            "stop",
            "End the VM of a job. A job that runs fails and its log says who did it; a kept or left one is removed with all its files. Example: vm-executor stop 4711 --yes")
        {
            job, yes,
        };
        command.SetAction((parsed, _) => invocation.GuardAdminAsync(async token =>
        {
            using var machine = invocation.MachineWithoutImages(parsed.GetValue(config));
            var stop = new JobStop(machine);
            var found = await stop.FindAsync(parsed.GetRequiredValue(job), token);
            if (JobStop.IsInUse(found) && !parsed.GetValue(yes) && !Confirms(invocation, found))
            {
                invocation.Error.WriteLine("Nothing was done.");
                return ExitCodes.Problem;
            }

            await stop.RunAsync(found, invocation.Person, new JobLog(invocation.Error).Say, token);
            return ExitCodes.Success;
        }));
        return command;
    }

    /// <summary>A script is not asked: it has decided.</summary>
    private static bool Confirms(Invocation invocation, FoundJob job)
    {
        if (Console.IsInputRedirected || Console.IsErrorRedirected)
        {
            return true;
        }

        invocation.Error.Write($"Job {job.Key} of {job.Stamp?.Project ?? "an unknown project"} is running. Stop its VM? [y/N] ");
        using var input = StandardInput.Open();
        return new BoundedLines(input, LongestReply, LongestReply).Next()?.Trim().ToLowerInvariant() is "y" or "yes";
    }
}
