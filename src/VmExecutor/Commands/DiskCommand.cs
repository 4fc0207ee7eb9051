using System.CommandLine;
using VmExecutor.ProjectDisks;
using VmExecutor.Reports;

namespace VmExecutor.Commands;

/// <summary><c>vm-executor disk</c>: the disks of projects.</summary>
internal static class DiskCommand
{
    public static Command Create(Invocation invocation, Option<string?> config) =>
        new("disk", "Show and remove the disks of projects, which keep checkouts and caches from job to job. Example: vm-executor disk list")
        {
            List(invocation, config), Show(invocation, config), Remove(invocation, config), Clear(invocation, config),
        };

    private static Command List(Invocation invocation, Option<string?> config)
    {
        var json = Json();
        var command = new Command("list", "List the disks of all projects. Example: vm-executor disk list --json") { json };
        command.SetAction(parsed => invocation.GuardAdmin(() =>
        {
            var disks = new DiskTasks(invocation, parsed.GetValue(config)).List();
            invocation.Output.WriteLine(parsed.GetValue(json) ? DiskText.Json(disks) : DiskText.Table(disks, ReportTable.Width));
            return ExitCodes.Success;
        }));
        return command;
    }

    private static Command Show(Invocation invocation, Option<string?> config)
    {
        var (project, json) = (Project(), Json());
        var command = new Command("show", "Show the disks of a project, each with its version and files. Example: vm-executor disk show group/project") { project, json };
        command.SetAction(parsed => invocation.GuardAdmin(() =>
        {
            var disks = new DiskTasks(invocation, parsed.GetValue(config)).Find(parsed.GetRequiredValue(project));
            invocation.Output.WriteLine(parsed.GetValue(json) ? DiskText.Json(disks) : DiskText.Details(disks));
            return ExitCodes.Success;
        }));
        return command;
    }

    private static Command Remove(Invocation invocation, Option<string?> config)
    {
        var project = Project();
        var command = new Command("remove", "Remove the disks of a project. Jobs that have one go on, and what they change does not stay; the next job begins a new one. Example: vm-executor disk remove group/project") { project };
        command.SetAction((parsed, _) => invocation.GuardAdminAsync(async token =>
        {
            invocation.Output.WriteLine(Removed(await new DiskTasks(invocation, parsed.GetValue(config)).RemoveAsync(parsed.GetRequiredValue(project), token)));
            return ExitCodes.Success;
        }));
        return command;
    }

    private static Command Clear(Invocation invocation, Option<string?> config)
    {
        var command = new Command("clear", "Remove the disks of all projects. Example: vm-executor disk clear");
        command.SetAction((parsed, _) => invocation.GuardAdminAsync(async token =>
        {
            invocation.Output.WriteLine(Removed(await new DiskTasks(invocation, parsed.GetValue(config)).RemoveAsync(project: null, token)));
            return ExitCodes.Success;
        }));
        return command;
    }

    private static Argument<string> Project() => new("project") { Description = "The project's path, or a disk's key as 'disk list' shows it." };

    private static Option<bool> Json() => new("--json") { Description = "Print JSON." };

    private static string Removed(int count) => count == 0 ? "no project has a disk" : $"{count} project disk{(count == 1 ? " was" : "s were")} removed";
}
