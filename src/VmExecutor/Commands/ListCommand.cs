using System.CommandLine;
using VmExecutor.Reports;

namespace VmExecutor.Commands;

/// <summary><c>vm-executor list</c>: what runs and what is left.</summary>
internal static class ListCommand
{
    public static Command Create(Invocation invocation, Option<string?> config)
    {
        var leaks = new Option<bool>("--leaks") { Description = "Only what is left; exit code 1 if there is something." };
        var json = new Option<bool>("--json") { Description = "Print one JSON document." };
        var command = new Command(
            "list",
            "List the jobs' VMs with project, image, age, CPU, memory and disk in use, and what is left of jobs that are over. Example: vm-executor list --leaks")
        {
            leaks, json,
        };
        command.SetAction((parsed, _) => invocation.GuardAdminAsync(async token =>
        {
            var list = await new LeftoverTasks(invocation, parsed.GetValue(config)).ListAsync(token);
            var onlyLeaks = parsed.GetValue(leaks);
            var shown = onlyLeaks ? list with { Jobs = [.. list.Jobs.Where(job => job.Leftover is not null || job.Doubt is not null)] } : list;
            if (parsed.GetValue(json))
            {
                invocation.Output.WriteLine(JobListJson.Write(shown));
            }
            else
            {
                JobListTable.Print(shown, invocation.Output, invocation.Error);
            }

            return onlyLeaks && (shown.Jobs.Count > 0 || shown.Remarks.Count > 0) ? ExitCodes.Problem : ExitCodes.Success;
        }));
        return command;
    }
}
