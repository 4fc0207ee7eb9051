using System.CommandLine;
using VmExecutor.Jobs;

namespace VmExecutor.Commands;

/// <summary><c>vm-executor ssh</c>: into a job's guest.</summary>
internal static class SshCommand
{
    public static Command Create(Invocation invocation, Option<string?> config)
    {
        var job = JobArgument.Create(invocation, config);
        var words = new Argument<string[]>("command") { Description = "Behind --: a command to run there in place of a login shell.", Arity = ArgumentArity.ZeroOrMore };
        var service = new Option<string?>("--service") { Description = "Enter one of the job's services, by one of its names: its container, or its VM.", HelpName = "ALIAS" };
        var command = new Command(
            "ssh", "Enter the VM of a running or kept job, or run a command in it; the exit code is the command's (255: ssh's own failure). Example: vm-executor ssh 4711 -- df -h")
        {
            job, words, service,
        };
        command.SetAction((parsed, _) => invocation.GuardAdminAsync(async token =>
        {
            using var machine = invocation.MachineWithoutImages(parsed.GetValue(config));
            var hasTerminal = !Console.IsInputRedirected && !Console.IsOutputRedirected;
            return ExitCodes.OfGuest(await new GuestEntry(machine).RunAsync(parsed.GetRequiredValue(job), parsed.GetValue(words) ?? [], parsed.GetValue(service), hasTerminal, token));
        }));
        return command;
    }
}
