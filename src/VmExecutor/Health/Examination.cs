using VmExecutor.Core.Diagnosis;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Health;
using VmExecutor.Host.Capacity;

namespace VmExecutor.Health;

/// <summary>A check with what it does.</summary>
/// <param name="Check">The check; its look may report for others, too.</param>
/// <param name="Limit">The time after which it counts as stuck.</param>
/// <param name="LookAsync">Looks and decides.</param>
internal sealed record HealthCheck(Check Check, TimeSpan Limit, Func<CancellationToken, Task<IReadOnlyList<Finding>>> LookAsync)
{
    /// <summary>Long enough for a host that is busy with jobs.</summary>
    public static readonly TimeSpan Usual = TimeSpan.FromSeconds(25);

    /// <summary>For a tool that only says what it is.</summary>
    public static readonly TimeSpan ToolLimit = TimeSpan.FromSeconds(10);

    /// <summary>True: it starts something, so that it does not end in time is no sign of a fault.</summary>
    public bool IsTrial { get; init; }

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

/// <summary>
/// Runs checks side by side. None stops the others: what one throws becomes its finding, and so does that it does not end. Each begins on a
/// thread of its own, since a look at a dead network file system hangs in the kernel and never comes back.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="pressure">Reads the host's pressure; null: the kernel tells it.</param>
internal sealed class Examination(TimeProvider time, Func<HostPressure>? pressure = null)
{
    /// <summary>For a check that obeys when its time is over, and has things to undo.</summary>
    private static readonly TimeSpan Undoing = TimeSpan.FromSeconds(5);

    /// <exception cref="OperationCanceledException">Cancelled as a whole.</exception>
    public async Task<HealthFindings> RunAsync(IReadOnlyList<HealthCheck> checks, CancellationToken cancellationToken)
    {
        var findings = await Task.WhenAll(checks.Select(check => RunAsync(check, cancellationToken)));
        return new HealthFindings(findings.SelectMany(found => found));
    }

    private async Task<IReadOnlyList<Finding>> RunAsync(HealthCheck check, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(check.Limit, time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        var token = stop.Token;
        try
        {
            var look = Task.Factory.StartNew(
                () => check.LookAsync(token), CancellationToken.None, TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach, TaskScheduler.Default).Unwrap();

            // When doctor itself is cancelled, a clone that was started must still be removed.
            return await look.WaitAsync(check.Limit + Undoing, time, CancellationToken.None);
        }
        catch (Exception e) when ((e is OperationCanceledException && !cancellationToken.IsCancellationRequested) || e is TimeoutException)
        {
            return [UnendedCheck.Decide(check.Check, check.Limit, pressure?.Invoke() ?? PressureReader.Read(stateDir: null), check.IsTrial)];
        }
        catch (DriverException e)
        {
            return [check.Check.Problem($"{e.Message} ({e.Code})", e.Hint)];
        }
#pragma warning disable CA1031 // One check must not stop the others, whatever is wrong with it.
        catch (Exception e) when (e is not OperationCanceledException)
#pragma warning restore CA1031
        {
            return [check.Check.Problem($"the check itself failed ({ErrorCodes.CheckFailed}): {e.GetType().Name}: {e.Message}", $"{DriverVersion.Name} doctor --json   # and report it with this output")];
        }
    }
}
