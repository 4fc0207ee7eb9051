using System.Globalization;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Capacity;

/// <summary>
/// Failures of a job that gets no VM. The host's administrator must act, since the same job may fit on another host or at another time.
/// </summary>
public static class CapacityFailures
{
    /// <param name="order">The order that keeps jobs off the host.</param>
    public static SystemFailureException Drained(DrainRecord order) => new(
        ErrorCodes.HostDrained,
        $"this host takes no jobs: it was drained {order.Words}",
        "Retry the job: another runner may take it. The administrator ends the drain with 'vm-executor undrain'; so that GitLab gives this host no jobs meanwhile, pause its runners (docs/many-hosts.md).");

    /// <param name="key">The job.</param>
    /// <param name="look">The last one.</param>
    /// <param name="ahead">The number of jobs that still waited for longer.</param>
    /// <param name="stateDir">The directory whose file system is meant.</param>
    /// <param name="settings">The file with the limits.</param>
    public static SystemFailureException WaitedTooLong(JobKey key, CapacityLook look, int ahead, AbsolutePath stateDir, AbsolutePath settings) => new(
        ErrorCodes.CapacityExhausted,
        string.Create(
            CultureInfo.InvariantCulture,
            $"job {key} waited {DurationText.Format(look.Limits.WaitForCapacity)} for room on this host and got none ({ahead} still ahead). {CapacityText.Numbers(look, stateDir)}"),
        $"See 'vm-executor list' for the VMs. Let the runner take fewer jobs at once ('concurrent' and 'limit' in config.toml), or change 'limits' in {settings}: "
        + "max_vms, parallel_starts, memory_headroom, disk_headroom, wait_for_capacity ('prepare_exec_timeout' in config.toml must be longer).");

    /// <param name="key">The job.</param>
    /// <param name="impossibility">The resource that the host lacks.</param>
    /// <param name="look">The numbers.</param>
    /// <param name="stateDir">The directory whose file system is meant.</param>
    /// <param name="settings">The file with the limits.</param>
    public static SystemFailureException NeverFits(JobKey key, Shortage impossibility, CapacityLook look, AbsolutePath stateDir, AbsolutePath settings) =>
        impossibility is Shortage.Vms or Shortage.Users
            ? new SystemFailureException(
                ErrorCodes.CapacityNeverEnough,
                string.Create(CultureInfo.InvariantCulture, $"job {key} can never run on this host: it needs {look.NeededVms} VMs at once, since {look.NeededVms - 1} of its services are VMs, and this host has {(impossibility == Shortage.Vms ? $"{look.Limits.MaxVms} ('limits: max_vms')" : $"users for {look.Users}")}"),
                impossibility == Shortage.Vms ? $"Raise 'limits: max_vms' in {settings}, or let the job have fewer services that are VMs." : "Make more users with executor/users/install NUMBER, or let the job have fewer services that are VMs.")
            : impossibility == Shortage.Memory
            ? new SystemFailureException(
                ErrorCodes.CapacityNeverEnough,
                $"job {key} can never run on this host: {(look.NeededVms > 1 ? $"its VM and those of its services ({look.NeededVms} in all) need" : "its VM needs")} {RoughSize.Of(look.WholeBytes)} of memory, and this host has {RoughSize.Of(look.Host.MemoryTotalBytes)}, of which {look.Limits.MemoryHeadroom} are kept for itself",
                $"Give the image less memory ('memory', or 'sizes: max_memory' for what jobs may ask for), or lower 'limits: memory_headroom' in {settings}.")
            : new SystemFailureException(
                ErrorCodes.CapacityNeverEnough,
                $"no job can ever run on this host: the file system of {stateDir} has {RoughSize.Of(look.Host.DiskTotalBytes ?? 0)} in all, and {look.Limits.DiskHeadroom} of it must stay free ('limits: disk_headroom')",
                $"Move state_dir to a larger file system, or lower 'limits: disk_headroom' in {settings}.");
}
