namespace VmExecutor.Host.Guests;

/// <summary>The time limit of a wait for a guest's ssh server.</summary>
/// <param name="Time">The limit, without the time in which the driver makes no connection so that a firewall in the guest forgets the last ones.</param>
/// <param name="Tell">Takes the line for the job log that says why the driver makes none.</param>
public sealed record WaitLimit(TimeSpan Time, Action<string> Tell)
{
    /// <summary>For a wait that has no log.</summary>
    public static implicit operator WaitLimit(TimeSpan time) => FromTimeSpan(time);

    public static WaitLimit FromTimeSpan(TimeSpan time) => new(time, _ => { });
}
