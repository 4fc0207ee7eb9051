using System.Globalization;
using VmExecutor.Core.Capacity;
using VmExecutor.Core.Configuration;

namespace VmExecutor.Core.Health.Runner;

/// <summary>Whether the runner asks for more jobs at once than this host takes VMs.</summary>
public static class SlotRules
{
    /// <param name="toml">For what holds for all runners.</param>
    /// <param name="ours">The runners with this driver.</param>
    /// <param name="limits">Of this driver.</param>
    /// <param name="room">Memory for VMs, in bytes.</param>
    /// <param name="images">What their VMs take.</param>
    public static Finding Decide(RunnerToml toml, IReadOnlyList<RunnerEntry> ours, LimitSettings limits, long room, IReadOnlyList<ImageMemory> images)
    {
        var asked = Math.Min(toml.Concurrent, ours.Sum(runner => (long)(runner.Limit > 0 ? runner.Limit : toml.Concurrent)));
        var largest = images.MaxBy(image => image.Bytes ?? 0);
        var fit = largest?.Bytes is > 0 and var bytes ? Math.Max(1, room / bytes) : (long?)null;
        return (limits.MaxVms, fit) switch
        {
            ({ } most, _) when asked > most => Warning(asked, $"limits.max_vms is {most}", most),
            (null, { } most) when asked > most => Warning(asked, $"only {most} VMs of image '{largest!.Image}' ({RoughSize.Of(largest.Bytes!.Value)} each) fit into {RoughSize.Of(room)}", most),
            _ => Checks.RunnerConcurrent.Ok($"the runner asks for {asked} job{(asked == 1 ? "" : "s")} at once{(limits.MaxVms is { } vms ? $", and this host takes {vms} VMs" : fit is null ? "" : $", and {fit} VMs of the largest image fit")}"),
        };
    }

    private static Finding Warning(long asked, string why, long most) => Checks.RunnerConcurrent.Warning(
        $"the runner asks for {asked} jobs at once, and {why}: the others wait here instead of going to another runner",
        string.Create(CultureInfo.InvariantCulture, $"concurrent = {most}   # at the top of config.toml, or limit in [[runners]]"));
}
