namespace VmExecutor.Core.Guests;

/// <summary>The facts that a guest told when its connection was opened, beside those that ssh needs.</summary>
public sealed record GuestLook
{
    public CloudInitState CloudInit { get; init; }

    /// <summary>Troubles that will fail some jobs and not all: a sentence each.</summary>
    public IReadOnlyList<string> Remarks { get; init; } = [];
}
