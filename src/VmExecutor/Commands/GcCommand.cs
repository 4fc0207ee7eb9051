using System.CommandLine;
using VmExecutor.Core.Leftovers;
using VmExecutor.Core.Values;
using VmExecutor.Host.Leftovers;
using VmExecutor.Reports;

namespace VmExecutor.Commands;

/// <summary><c>vm-executor gc</c>: removes what jobs have left.</summary>
internal static class GcCommand
{
    public static Command Create(Invocation invocation, Option<string?> config)
    {
        var dryRun = new Option<bool>("--dry-run") { Description = "Only say what would be removed." };
        var json = new Option<bool>("--json") { Description = "Print one JSON document." };
        var command = new Command(
            "gc",
            "Remove what jobs have left: VMs, overlays, sockets, ssh connections and half-made files whose runner is gone or whose time is over. Safe beside running jobs. Example: vm-executor gc --dry-run")
        {
            dryRun, json,
        };
        command.SetAction((parsed, _) => invocation.GuardAdminAsync(async token =>
        {
            var collection = await invocation.ShowAsync("looking for leftovers", () => new LeftoverTasks(invocation, parsed.GetValue(config)).CollectAsync(parsed.GetValue(dryRun), token));
            if (parsed.GetValue(json))
            {
                invocation.Output.WriteLine(CollectionJson.Write(collection));
            }
            else
            {
                Print(collection, invocation.Output, invocation.Error);
            }

            return collection.Failed ? ExitCodes.Problem : ExitCodes.Success;
        }));
        return command;
    }

    private static void Print(Collection collection, TextWriter output, TextWriter error)
    {
        foreach (var leftover in collection.Leftovers)
        {
            var why = LeftoverText.Describe(leftover.Reason);
            var parts = leftover.Parts.Count == 0 ? "nothing was left" : string.Join(", ", leftover.Parts);
            (leftover.Outcome == CollectionOutcome.Failed ? error : output).WriteLine(leftover.Outcome switch
            {
                CollectionOutcome.Removed => $"removed {leftover.Name} ({why}): {parts}{(leftover.Failure is null ? "" : $"; {leftover.Failure}")}",
                CollectionOutcome.WouldBeRemoved => $"would remove {leftover.Name} ({why}): {parts}",
                CollectionOutcome.Busy => $"left {leftover.Name} alone: another process is at work on it",
                _ => $"FAILED {leftover.Name} ({why}): {leftover.Failure}",
            });
        }

        foreach (var doubt in collection.Doubts)
        {
            error.WriteLine($"warning: {doubt}");
        }

        var failed = collection.Leftovers.Count(leftover => leftover.Outcome == CollectionOutcome.Failed);
        var wanted = collection.Leftovers.Count(leftover => leftover.Outcome == CollectionOutcome.WouldBeRemoved);
        output.WriteLine(
            $"{(wanted > 0 ? $"{wanted} would be removed" : $"{collection.Removed} removed")}, {failed} failed, {Quantity.Of(collection.InUse, "job")} in use");
    }
}
