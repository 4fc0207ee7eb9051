using System.CommandLine;
using VmExecutor.Core.Egress;
using VmExecutor.Host.Observing;
using VmExecutor.Reports;

namespace VmExecutor.Commands;

/// <summary><c>vm-executor egress</c>: the destinations that jobs with an egress policy wanted to reach.</summary>
internal static class EgressCommand
{
    private static readonly TimeSpan Usual = TimeSpan.FromDays(30);

    public static Command Create(Invocation invocation, Option<string?> config)
    {
        var image = new Option<string?>("--image") { Description = "Only jobs of this image.", HelpName = "NAME" };
        var since = new Option<string?>("--since") { Description = "Only jobs that ended within this time, such as 12h or 7d; without it 30d.", HelpName = "TIME" };
        var json = new Option<bool>("--json") { Description = "Print one JSON document." };
        var command = new Command(
            "egress", "Show which names and addresses jobs with an egress policy wanted to reach, allowed and refused, and a list for 'allow:' of what policies that watch have seen. Example: vm-executor egress --image debian-12 --since 7d")
        {
            image, since, json,
        };
        command.SetAction((parsed, _) => invocation.GuardAdminAsync(_ =>
        {
            var settings = invocation.LoadWithoutImages(parsed.GetValue(config));
            var name = parsed.GetValue(image) is { } text ? ImageCommand.Name(text).Value : null;
            var summaries = EgressSummary.Of(LedgerReader.Read(settings.StateDir), name, invocation.Time.GetUtcNow() - SinceOption.Parse(parsed.GetValue(since), Usual));
            if (parsed.GetValue(json))
            {
                invocation.Output.WriteLine(EgressText.Json(summaries));
            }
            else
            {
                EgressText.Lines(summaries).ToList().ForEach(invocation.Output.WriteLine);
            }

            return Task.FromResult(ExitCodes.Success);
        }));
        return command;
    }
}
