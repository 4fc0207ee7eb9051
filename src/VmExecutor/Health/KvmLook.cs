using VmExecutor.Core.Configuration;
using VmExecutor.Core.Health;
using VmExecutor.Host.Health;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Libvirt;

namespace VmExecutor.Health;

/// <summary>Looks at hardware virtualisation, and tries it.</summary>
internal sealed class KvmLook(ConfigLook config, LibvirtLook libvirt, AcceleratorProbe probe)
{
    /// <summary>A host on which libvirt asks QEMU anew at each step takes more than a minute for the try.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(50);

    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public IReadOnlyList<HealthCheck> All => [new(Checks.Kvm, Limit, LookOnceAsync) { IsTrial = true }];

    /// <summary>Ends with the try: while libvirt starts a domain it does not answer what asks for all domains.</summary>
    public Task Over => _over.Task;

    private async Task<IReadOnlyList<Finding>> LookOnceAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await LookAsync(cancellationToken);
        }
        finally
        {
            _over.TrySetResult();
        }
    }

    private async Task<IReadOnlyList<Finding>> LookAsync(CancellationToken cancellationToken)
    {
        if (libvirt.IsRemote)
        {
            return [Checks.Kvm.Skipped($"{libvirt.Hypervisor.Uri} is another machine's libvirt: run doctor there")];
        }

        var files = KvmFiles.Read();
        var answer = await libvirt.TryAskAsync(cancellationToken);
        var tried = answer is null ? null : await TryAsync(cancellationToken);
        var state = new KvmState
        {
            Works = tried is null ? null : tried.Accelerator == Accelerator.Kvm,
            WhyNot = tried?.WhyNotKvm,
            IsOffered = answer?.Capabilities.OffersKvm,
            HasFlag = files.HasFlag,
            IsGuest = files.IsGuest,
            Module = files.Module,
            HasNode = files.HasNode,
            IsNodeOpen = answer is null || KvmFiles.IsOpenTo(answer.Xml),
            Daemon = HostDaemon.Find(),
            Wanted = [.. config.Images.Select(image => image.Accelerator)],
        };
        return [KvmRules.Decide(state), KvmRules.DecideNested(state.Works, files.Module, files.Nested)];
    }

    /// <summary>Null: libvirt went away meanwhile.</summary>
    private async Task<AcceleratorAnswer?> TryAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await probe.AskAnewAsync(cancellationToken);
        }
        catch (HypervisorException)
        {
            return null;
        }
    }
}
