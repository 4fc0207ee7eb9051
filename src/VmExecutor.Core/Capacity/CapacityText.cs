using System.Globalization;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Capacity;

/// <summary>The words for a job that waits.</summary>
public static class CapacityText
{
    /// <summary><c>waiting for 2GiB of memory (900MiB free for VMs): 3 jobs ahead</c>.</summary>
    /// <param name="shortage">The resource that the host lacks; null: only the jobs ahead do.</param>
    /// <param name="look">The numbers.</param>
    /// <param name="stateDir">The directory whose file system is meant.</param>
    /// <param name="ahead">The number of jobs that wait for longer.</param>
    public static string Waiting(Shortage? shortage, CapacityLook look, AbsolutePath stateDir, int ahead) => string.Create(
        CultureInfo.InvariantCulture,
        $"waiting for {What(shortage, look, stateDir)}: {(ahead == 0 ? "next in line" : $"{Quantity.Of(ahead, "job")} ahead")}");

    /// <summary>All numbers of a look, for a job that has waited too long.</summary>
    public static string Numbers(CapacityLook look, AbsolutePath stateDir) => string.Create(
        CultureInfo.InvariantCulture,
        $"VMs: {look.Claims.Count} of {look.Limits.MaxVms?.ToString(CultureInfo.InvariantCulture) ?? "any number"} in use, {look.Starts} of them starting; "
        + $"memory: {RoughSize.Of(look.NeededBytes)} needed{(look.NeededVms > 1 ? $" for {Vms(look)}" : "")}, {RoughSize.Of(look.Host.MemoryAvailableBytes)} available of {RoughSize.Of(look.Host.MemoryTotalBytes)}, "
        + $"{RoughSize.Of(look.OutstandingBytes)} of it promised to VMs, {look.Limits.MemoryHeadroom} kept for the host; "
        + $"disk: {(look.Host.DiskFreeBytes is { } free ? RoughSize.Of(free) : "unknown")} free in {stateDir}, {look.Limits.DiskHeadroom} of it kept");

    private static string What(Shortage? shortage, CapacityLook look, AbsolutePath stateDir) => shortage switch
    {
        Shortage.Vms => string.Create(CultureInfo.InvariantCulture, $"{(look.NeededVms > 1 ? Vms(look) : "a free VM")} ({look.Claims.Count} of {look.Limits.MaxVms} in use)"),
        Shortage.Users => string.Create(CultureInfo.InvariantCulture, $"{(look.NeededVms > 1 ? $"users for {Vms(look)} ({look.FreeUsers} of {look.Users} are free" : $"a free user for its VM (all {look.Users} are taken")}; executor/users/install NUMBER makes more)"),
        Shortage.Memory => $"{RoughSize.Of(look.NeededBytes)} of memory{(look.NeededVms > 1 ? $" for {Vms(look)}" : "")} ({RoughSize.Of(look.FreeMemoryBytes)} free for VMs)",
        Shortage.Disk => $"{look.Limits.DiskHeadroom} of free disk in {stateDir} ({RoughSize.Of(look.Host.DiskFreeBytes ?? 0)} free)",
        Shortage.Starts => string.Create(CultureInfo.InvariantCulture, $"a start to finish ({look.Starts} of {look.Limits.ParallelStarts})"),
        _ => "its turn",
    };

    private static string Vms(CapacityLook look) => string.Create(CultureInfo.InvariantCulture, $"{look.NeededVms} VMs at once (the job's, and {look.NeededVms - 1} of its services)");
}
