using VmExecutor.Core.Failures;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Tests.Fakes;

namespace VmExecutor.Program.Tests.Faults;

/// <summary>The faults that can happen to a stage at one of its calls.</summary>
public enum Fault
{
    /// <summary>The runner's signal comes, and the call itself hangs: it ends only because it is told to.</summary>
    Terminated,

    /// <summary>SIGKILL: the stage goes no further, and undoes nothing.</summary>
    Killed,

    /// <summary>The call fails.</summary>
    Failed,

    /// <summary>libvirt is restarted: this call is lost, and whether it took effect is not known; the next ones work.</summary>
    LibvirtRestarted,
}

/// <summary>Lets a fault happen once, at the call with a certain number, before or after it has taken effect.</summary>
internal sealed class FaultAt(int number, bool after, Fault fault) : IDisposable
{
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _signal = new();
    private int _calls;
    private bool _killed;

    /// <summary>The runner's signal.</summary>
    public CancellationToken Signal => _signal.Token;

    /// <summary>Ends when the fault happens.</summary>
    public Task Reached => _reached.Task;

    /// <summary>The call at which it happened.</summary>
    public string? Call { get; private set; }

    public async Task PassAsync(string call, bool isAfter, CancellationToken cancellationToken)
    {
        if (_killed)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, CancellationToken.None);
        }

        if (isAfter != after || Call is not null || _calls++ != number)
        {
            return;
        }

        Call = call;
        switch (fault)
        {
            case Fault.Terminated:
                await _signal.CancelAsync();
                _reached.TrySetResult();
                await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
                break;
            case Fault.Killed:
                _killed = true;
                _reached.TrySetResult();
                await Task.Delay(Timeout.InfiniteTimeSpan, CancellationToken.None);
                break;
            case Fault.LibvirtRestarted:
                _reached.TrySetResult();
                throw FakeHypervisor.Loss();
            default:
                _reached.TrySetResult();
                throw call.StartsWith("qemu-img", StringComparison.Ordinal) || call is "open" or "connect" or "command" or "run" || call.StartsWith("wait", StringComparison.Ordinal)
                    ? new SystemFailureException(ErrorCodes.ToolFailed, $"{call} failed", "hint")
                    : new HypervisorException(ErrorCodes.HypervisorCallFailed, $"{call} failed", "hint");
        }
    }

    public void Dispose() => _signal.Dispose();
}
