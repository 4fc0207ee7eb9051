namespace VmExecutor.Core.Guests;

/// <summary>The facts that a guest told when its connection was opened, beside those that ssh needs.</summary>
public sealed record GuestLook
{
    public CloudInitState CloudInit { get; init; }

    /// <summary>The errors of a cloud-init that has ended.</summary>
    public IReadOnlyList<string> CloudInitErrors { get; init; } = [];

    /// <summary>By how much the guest's clock is off at least; positive: it is ahead.</summary>
    public TimeSpan ClockOff { get; init; }

    /// <summary>Troubles that will fail some jobs and not all: a sentence each.</summary>
    public IReadOnlyList<string> Remarks { get; init; } = [];
}
