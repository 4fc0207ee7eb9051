using System.CommandLine;
using System.Globalization;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using VmExecutor.Reports;

namespace VmExecutor.Commands;

/// <summary><c>vm-executor report</c>: a page about what this host did.</summary>
internal static class ReportCommand
{
    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;

    private static readonly TimeSpan Usual = TimeSpan.FromDays(7);

    public static Command Create(Invocation invocation, Option<string?> config)
    {
        var since = new Option<string?>("--since") { Description = "Only jobs that ended within this time, such as 12h or 7d; without it 7d.", HelpName = "TIME" };
        var output = new Option<string?>("--output", "-o") { Description = "Write the page into this file, as a whole; without it the page is printed.", HelpName = "FILE" };
        var command = new Command(
            "report", "Write a page for a browser about what this host did: jobs and their ends, starts, waits, memory, projects, failures, images. It is one file without scripts, to be sent to others. Example: vm-executor report --since 7d -o report.html")
        {
            since, output,
        };
        command.SetAction((parsed, _) => invocation.GuardAdminAsync(async _ =>
        {
            AbsolutePath? file = parsed.GetValue(output) is { } path ? DriverCommand.ResolveOutput("--output", path) : null;
            var (page, jobs) = new ReportTasks(invocation, parsed.GetValue(config)).Write(SinceOption.Parse(parsed.GetValue(since), Usual));
            if (file is null)
            {
                await invocation.Output.WriteAsync(page);
            }
            else
            {
                AtomicFile.Write(file, page, Mode);
                invocation.Output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{file}: {jobs:N0} {(jobs == 1 ? "job" : "jobs")}"));
            }

            return ExitCodes.Success;
        }));
        return command;
    }
}
