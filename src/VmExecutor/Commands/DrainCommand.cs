using System.CommandLine;

namespace VmExecutor.Commands;

/// <summary><c>vm-executor drain</c> and <c>undrain</c>: the host finishes its jobs and takes no more, until it is to take them again.</summary>
internal static class DrainCommand
{
    public static Command Create(Invocation invocation, Option<string?> config)
    {
        var wait = new Option<bool>("--wait") { Description = "Return when no job runs any more. Ended before, the host stays drained." };
        var reason = new Option<string?>("--reason") { Description = "Told to jobs that are refused meanwhile, and by list and doctor.", HelpName = "TEXT" };
        var command = new Command(
            "drain",
            "Let this host finish its jobs and take no more, before maintenance. It holds across a restart, until 'undrain'. Jobs that come meanwhile fail as system failures; VMs that wait for jobs are removed. Example: vm-executor drain --wait --reason maintenance")
        {
            wait, reason,
        };
        command.SetAction((parsed, _) => invocation.GuardAdminAsync(async token =>
        {
            await invocation.ShowAsync("draining this host", () => new DrainTasks(invocation, parsed.GetValue(config)).BeginAsync(parsed.GetValue(reason), parsed.GetValue(wait), token));
            return ExitCodes.Success;
        }));
        return command;
    }

    public static Command CreateEnd(Invocation invocation, Option<string?> config)
    {
        var command = new Command("undrain", "Let this host take jobs again after 'drain'. Example: vm-executor undrain");
        command.SetAction((parsed, _) => invocation.GuardAdminAsync(async _ =>
        {
            await new DrainTasks(invocation, parsed.GetValue(config)).EndAsync();
            return ExitCodes.Success;
        }));
        return command;
    }
}
