using System.Globalization;
using VmExecutor.Core.Diagnosis;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Health;

/// <summary>Decides what it means that a check did not end within its limit: something hangs, or the host had no time for the check.</summary>
public static class UnendedCheck
{
    // So many processes for each processor, and half of the time some that have to wait for one. A hung disk or network file system raises the load alone.
    private const double BusyLoad = 2;
    private const double BusyStalled = 50;

    /// <param name="check">The check.</param>
    /// <param name="limit">Its limit.</param>
    /// <param name="host">The host's pressure at its end.</param>
    /// <param name="isTrial">True: it starts something, so how long it takes says how fast the host is.</param>
    public static Finding Decide(Check check, TimeSpan limit, HostPressure host, bool isTrial)
    {
        var (time, load) = (DurationText.Format(limit), Load(host));
        return isTrial || IsBusy(host)
            ? check.Warning($"could not be looked at in {time}{load}", "vm-executor doctor   # once more, when the host has less to do")
            : check.Problem(
                $"the check did not end within {time}{load}: what it looks at does not answer", "journalctl -k -n 50   # a disk or network file system that hangs is named there");
    }

    /// <summary>The load alone decides nothing, where the kernel does not tell for how long processes wait for a processor.</summary>
    private static bool IsBusy(HostPressure host) => host.Load >= BusyLoad * host.Cpus && host.CpuStalled >= BusyStalled;

    private static string Load(HostPressure host) => host.Load is not { } load ? ""
        : string.Create(CultureInfo.InvariantCulture, $"; load is {load:0.0} on {Quantity.Of(host.Cpus, "processor")}");
}
