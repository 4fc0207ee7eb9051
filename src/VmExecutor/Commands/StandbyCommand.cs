using System.CommandLine;
using VmExecutor.Core.Values;
using VmExecutor.Reports;
using VmExecutor.StandingBy;

namespace VmExecutor.Commands;

/// <summary><c>vm-executor standby</c>: clones that are made before there is a job for them.</summary>
internal static class StandbyCommand
{
    public static Command Create(Invocation invocation, Option<string?> config)
    {
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var command = new Command("standby", "Show the clones that wait for jobs: how many are wanted, how many are there, and why not all. Ends with 1 if some are missing. Example: vm-executor standby --json")
        {
            json, Fill(invocation, config), Drain(invocation, config),
        };
        command.SetAction((parsed, _) => invocation.GuardAdminAsync(async token =>
        {
            var report = await new StandbyTasks(invocation, parsed.GetValue(config)).ReportAsync(token);
            invocation.Output.WriteLine(parsed.GetValue(json) ? StandbyText.Json(report) : StandbyText.Table(report, ReportTable.Width));
            return Exit(report.IsFull);
        }));
        return command;
    }

    private static Command Fill(Invocation invocation, Option<string?> config)
    {
        var image = new Option<string?>("--image") { Description = "Only clones of this image.", HelpName = "NAME" };
        var command = new Command("fill", "Make the clones that are wanted and missing, one at a time, and remove those that no job would get. Safe at any time, also twice at once. Ends with 1 if some are missing then. Example: vm-executor standby fill --image debian12") { image };
        command.SetAction((parsed, _) => invocation.GuardAdminAsync(async token =>
        {
            var name = parsed.GetValue(image) is { } text ? ImageCommand.Name(text) : null;
            return Exit(await invocation.ShowAsync("making standby clones", () => new StandbyTasks(invocation, parsed.GetValue(config)).FillAsync(name, token)));
        }));
        return command;
    }

    private static Command Drain(Invocation invocation, Option<string?> config)
    {
        var command = new Command("drain", "Remove all clones that wait for jobs. The next stage or timer makes them anew, unless the images want none any more. Example: vm-executor standby drain");
        command.SetAction((parsed, _) => invocation.GuardAdminAsync(async token =>
        {
            var removed = await invocation.ShowAsync("removing standby clones", () => new StandbyTasks(invocation, parsed.GetValue(config)).DrainAsync(token));
            invocation.Output.WriteLine(removed == 0 ? "no clone waited for a job" : $"{Quantity.Of(removed, "clone")} that waited for a job {(removed == 1 ? "was" : "were")} removed");
            return ExitCodes.Success;
        }));
        return command;
    }

    private static int Exit(bool isFull) => isFull ? ExitCodes.Success : ExitCodes.Problem;
}
