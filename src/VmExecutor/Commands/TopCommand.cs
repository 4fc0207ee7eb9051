using System.CommandLine;
using VmExecutor.Observing;
using VmExecutor.Reports;

namespace VmExecutor.Commands;

/// <summary><c>vm-executor top</c>: the running jobs, again and again.</summary>
internal static class TopCommand
{
    public static Command Create(Invocation invocation, Option<string?> config)
    {
        var once = new Option<bool>("--once") { Description = "Print the table once and end, as it is done where there is no terminal." };
        var json = new Option<bool>("--json") { Description = "Print one JSON document and end." };
        var command = new Command(
            "top", "Show the running jobs every two seconds until 'q' is pressed (arrow keys, PgUp and PgDn scroll): sub-stage, age, processor, memory and disk of each, and why others wait. Example: vm-executor top --once")
        {
            once, json,
        };
        command.SetAction((parsed, _) => invocation.GuardAdminAsync(async token =>
        {
            using var machine = invocation.MachineWithoutImages(parsed.GetValue(config));
            var look = new TopLook(machine);
            var screen = new TopScreen(invocation.Output, invocation.Time);
            if (parsed.GetValue(json))
            {
                invocation.Output.WriteLine(TopJson.Write(await look.AfterAMomentAsync(token)));
            }
            else if (parsed.GetValue(once) || !TopScreen.IsThere(invocation.Variables))
            {
                TopTable.Print(await look.AfterAMomentAsync(token), invocation.Output, invocation.Error);
            }
            else
            {
                await screen.RunAsync(look.NextAsync, token);
            }

            return ExitCodes.Success;
        }));
        return command;
    }
}
