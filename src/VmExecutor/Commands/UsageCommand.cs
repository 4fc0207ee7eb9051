using System.CommandLine;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Usage;
using VmExecutor.Core.Values;
using VmExecutor.Host.Observing;
using VmExecutor.Reports;

namespace VmExecutor.Commands;

/// <summary><c>vm-executor usage</c>: the resources that jobs have used, and the sizes that would have been enough.</summary>
internal static class UsageCommand
{
    private static readonly TimeSpan Usual = TimeSpan.FromDays(14);

    public static Command Create(Invocation invocation, Option<string?> config)
    {
        var since = new Option<string?>("--since") { Description = "Only jobs that ended within this time, such as 12h or 7d; without it 14d.", HelpName = "TIME" };
        var project = new Option<string?>("--project") { Description = "Only jobs of this project, or of those that a pattern such as group/* or group/** matches.", HelpName = "PROJECT" };
        var image = new Option<string?>("--image") { Description = "Only jobs of this image.", HelpName = "NAME" };
        var json = new Option<bool>("--json") { Description = "Print one JSON document." };
        var command = new Command(
            "usage", "Show what jobs have used, by project, job and image: runs, failures, starts, waits, memory, processor time, disk, and the sizes that would have been enough. Example: vm-executor usage --since 7d --project 'group/**'")
        {
            since, project, image, json,
        };
        command.SetAction((parsed, _) => invocation.GuardAdminAsync(_ =>
        {
            var settings = invocation.LoadWithoutImages(parsed.GetValue(config));
            var filter = new UsageFilter(
                invocation.Time.GetUtcNow() - SinceOption.Parse(parsed.GetValue(since), Usual), Projects(parsed.GetValue(project)), parsed.GetValue(image) is { } text ? ImageCommand.Name(text).Value : null);
            var report = UsageReport.Of(LedgerReader.Read(settings.StateDir), filter);
            if (parsed.GetValue(json))
            {
                invocation.Output.WriteLine(UsageJson.Write(report));
            }
            else
            {
                UsageTable.Print(report, invocation.Output);
            }

            return Task.FromResult(ExitCodes.Success);
        }));
        return command;
    }

    private static ProjectGlob? Projects(string? text) => text is null ? null
        : ProjectGlob.TryParse(text, out var projects) ? projects
        : throw new SystemFailureException(ErrorCodes.UsageWrong, $"'{PlainText.OneLine(text, 200)}' is no project", $"Write {ProjectGlob.Rule} after --project.");
}
