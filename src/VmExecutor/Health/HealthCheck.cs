using VmExecutor.Core.Health;

namespace VmExecutor.Health;

/// <summary>A check with what it does.</summary>
/// <param name="Check">Which; its look may report for others, too.</param>
/// <param name="Limit">How long it may take before it counts as stuck.</param>
/// <param name="LookAsync">Looks and decides.</param>
internal sealed record HealthCheck(Check Check, TimeSpan Limit, Func<CancellationToken, Task<IReadOnlyList<Finding>>> LookAsync)
{
    /// <summary>Long enough for a host that is busy with jobs.</summary>
    private static readonly TimeSpan Usual = TimeSpan.FromSeconds(25);

    public HealthCheck(Check check, Func<CancellationToken, Task<IReadOnlyList<Finding>>> lookAsync)
        : this(check, Usual, lookAsync)
    {
    }

    public HealthCheck(Check check, Func<CancellationToken, Task<Finding>> lookAsync)
        : this(check, Usual, async token => [await lookAsync(token)])
    {
    }

    public HealthCheck(Check check, Func<IReadOnlyList<Finding>> look)
        : this(check, Usual, _ => Task.FromResult(look()))
    {
    }

    public HealthCheck(Check check, Func<Finding> look)
        : this(check, Usual, _ => Task.FromResult<IReadOnlyList<Finding>>([look()]))
    {
    }
}
