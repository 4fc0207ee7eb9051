namespace VmExecutor.Core.Health;

/// <summary>Whether the host's clock can be trusted: certificates, tokens and caches of jobs depend on it.</summary>
public static class ClockRules
{
    private static readonly TimeSpan Tolerance = TimeSpan.FromDays(1);

    /// <param name="isSynchronised">Whether the kernel says that somebody keeps the clock (adjtimex(2)); null: it does not say.</param>
    /// <param name="now">By this clock.</param>
    /// <param name="driverMade">When the driver's own file was written: the clock cannot be before that.</param>
    public static Finding Decide(bool? isSynchronised, DateTimeOffset now, DateTimeOffset driverMade) => isSynchronised switch
    {
        _ when now + Tolerance < driverMade => Checks.Clock.Problem(
            $"it is {now:yyyy-MM-dd HH:mm} UTC by this clock, but the driver was made {driverMade:yyyy-MM-dd}: certificates of servers are not valid yet",
            "timedatectl set-ntp true"),
        true => Checks.Clock.Ok($"kept by a time service; {now:yyyy-MM-dd HH:mm} UTC"),
        false => Checks.Clock.Warning(
            $"nobody keeps it (the kernel says unsynchronised); {now:yyyy-MM-dd HH:mm} UTC", "apt-get install systemd-timesyncd && timedatectl set-ntp true   # or chrony"),
        null => Checks.Clock.Skipped($"the kernel does not say whether somebody keeps it; {now:yyyy-MM-dd HH:mm} UTC"),
    };
}
