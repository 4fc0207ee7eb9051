namespace VmExecutor.Core.Guests;

/// <summary>What a guest said of itself when its connection was opened, beside what ssh needs.</summary>
public sealed record GuestLook
{
    public CloudInitState CloudInit { get; init; }

    /// <summary>What will fail some jobs and not all: a sentence each.</summary>
    public IReadOnlyList<string> Remarks { get; init; } = [];
}
