using System.CommandLine;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Jobs;

namespace VmExecutor.Commands;

/// <summary><c>vm-executor console</c>: what a job's guest writes to its serial console.</summary>
internal static class ConsoleCommand
{
    public static Command Create(Invocation invocation, Option<string?> config)
    {
        var job = JobArgument.Create(invocation, config);
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on until the VM is gone, or until Ctrl-C." };
        var last = new Option<int?>("--last") { Description = $"Begin with the last N lines, as far as they are within the last {ConsoleReader.LookBack >> 20} MiB; else with the first.", HelpName = "N" };
        last.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int?>() is < 0)
            {
                result.AddError("--last takes a number from 0.");
            }
        });
        var raw = new Option<bool>("--raw") { Description = "Everything as the guest wrote it, also what steers a terminal." };
        var service = ServiceOption.Create();
        var command = new Command(
            "console", "Show the serial console of a job's VM. It goes to a file, so it can be read and not typed into; see 'ssh' for that. Example: vm-executor console 4711 --follow")
        {
            job, service, follow, last, raw,
        };
        command.SetAction((parsed, _) => invocation.GuardAdminAsync(async token =>
        {
            var jobs = new JobsAtHand(invocation.LoadWithoutImages(parsed.GetValue(config)), invocation.Time);
            var directory = jobs.Find(parsed.GetRequiredValue(job), parsed.GetValue(service)).Directory;
            var follows = parsed.GetValue(follow);
            try
            {
                await new ConsoleReader(directory.Paths.Console, invocation.Output, invocation.Time).CopyAsync(
                    parsed.GetValue(last),
                    parsed.GetValue(raw),
                    follows ? async stop => directory.Read() is { } record && await jobs.StateAsync(record, stop) is { IsAlive: true } : null,
                    token);
            }
            catch (OperationCanceledException) when (follows && token.IsCancellationRequested)
            {
                // Ctrl-C ends the following.
            }

            return ExitCodes.Success;
        }));
        return command;
    }
}
