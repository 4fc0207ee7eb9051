using VmExecutor.Core.Configuration;
using VmExecutor.Core.Health;
using VmExecutor.Core.Values;
using VmExecutor.Host.Capacity;
using VmExecutor.Host.Files;
using VmExecutor.Host.Health;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Processes;

namespace VmExecutor.Health;

/// <summary>The machine itself: virtualisation, memory, clock, timers.</summary>
internal sealed class HostChecks(SettingsLook settings, LibvirtLook libvirt, AcceleratorProbe probe, ImageSizes sizes, IToolRunner tools, TimeProvider time)
{
    /// <summary>A host on which libvirt asks QEMU anew at each step takes more than a minute for the try.</summary>
    private static readonly TimeSpan KvmLimit = TimeSpan.FromSeconds(50);
    private static readonly TimeSpan ToolLimit = TimeSpan.FromSeconds(10);
    private const string SystemdRuns = "/run/systemd/system"; // sd_booted(3)

    public IReadOnlyList<HealthCheck> All =>
    [
        new(Checks.Config, () => settings.Findings),
        new(Checks.Kvm, KvmLimit, KvmAsync),
        new(Checks.Memory, MemoryAsync),
        new(Checks.Clock, () => ClockRules.Decide(KernelClock.IsSynchronised(), time.GetUtcNow(), DriverMade())),
        new(Checks.Timers, TimersAsync),
    ];

    private async Task<IReadOnlyList<Finding>> KvmAsync(CancellationToken cancellationToken)
    {
        if (libvirt.IsRemote)
        {
            return [Checks.Kvm.Skipped($"{libvirt.Hypervisor.Uri} is another machine's libvirt: run doctor there")];
        }

        var files = KvmFiles.Read();
        var answer = await libvirt.TryAskAsync(cancellationToken);
        var tried = answer is null ? null : await TryAsync(cancellationToken);
        var look = new KvmLook
        {
            Works = tried is null ? null : tried.Accelerator == Accelerator.Kvm,
            WhyNot = tried?.WhyNotKvm,
            IsOffered = answer?.Capabilities.OffersKvm,
            HasFlag = files.HasFlag,
            IsGuest = files.IsGuest,
            Module = files.Module,
            HasNode = files.HasNode,
            IsNodeOpen = answer is null || KvmFiles.IsOpenTo(answer.Xml),
            Wanted = [.. settings.Images.Select(image => image.Accelerator)],
        };
        return [KvmRules.Decide(look), KvmRules.DecideNested(look.Works, files.Module, files.Nested)];
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

    private async Task<IReadOnlyList<Finding>> MemoryAsync(CancellationToken cancellationToken)
    {
        var (limits, stateDir) = (settings.Settings?.Limits ?? new(), settings.Settings?.StateDir ?? new AbsolutePath("/"));
        return MemoryRules.Decide(HostRoom.Read(stateDir), limits, await sizes.FindAsync(cancellationToken), settings.File);
    }

    private async Task<IReadOnlyList<Finding>> TimersAsync(CancellationToken cancellationToken)
    {
        if (HostDirectory.Look(SystemdRuns) == Presence.Missing)
        {
            return [Checks.Timers.Skipped("systemd does not run here", $"{DriverVersion.Name} gc   # every ten minutes, by whatever starts things at given times here")];
        }

        var result = await tools.RunAsync(new ToolCall("systemctl", TimerRules.Arguments) { Timeout = ToolLimit }, cancellationToken);
        return TimerRules.Decide(
            TimerRules.Parse(result.EnsureSuccess().StandardOutput),
            hasImages: !settings.HasImages || settings.Images.Count > 0,
            hasWarm: settings.Images.Any(image => image.Warm.Enabled));
    }

    /// <summary>As the driver's file has it; one that cannot be looked at says nothing.</summary>
    private static DateTimeOffset DriverMade() =>
        AbsolutePath.TryParse(Environment.ProcessPath, out var program) && FileStat.TryRead(program) is { } stat
            ? DateTimeOffset.FromUnixTimeMilliseconds(stat.ModifiedNanoseconds / 1_000_000)
            : DateTimeOffset.UnixEpoch;
}
