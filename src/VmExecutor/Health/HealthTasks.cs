using VmExecutor.Commands;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Health;
using VmExecutor.Core.Values;
using VmExecutor.Host;
using VmExecutor.Host.Disks;
using VmExecutor.Host.Health;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Libvirt;
using VmExecutor.Host.Processes;
using VmExecutor.Observing;

namespace VmExecutor.Health;

/// <summary>The parts of <c>doctor</c>, each with what of the configuration could be read.</summary>
internal sealed class HealthTasks(Invocation invocation, DoctorRequest request)
{
    /// <summary>Who asks is waiting; the limit of the configuration is for jobs.</summary>
    private static readonly TimeSpan LongestCall = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan LongestTry = TimeSpan.FromSeconds(45);

    public async Task<HealthFindings> ExamineAsync(CancellationToken cancellationToken)
    {
        var settings = SettingsLook.Take(
            SettingsPath.Decide(request.ConfigOption, invocation.Variables, DriverCommand.Here()),
            () => invocation.Load(request.ConfigOption),
            () => invocation.LoadWithoutImages(request.ConfigOption));
        var uri = settings.Settings is { } known ? invocation.UriOf(known) : LibvirtUri.Resolve(null, invocation.Variables, Environment.IsPrivilegedProcess);
        using var hypervisor = new LibvirtHypervisor(uri, LongestCall, invocation.Time);

        // On a connection of its own: others would wait behind its start of a domain.
        using var trying = new LibvirtHypervisor(uri, LongestTry, invocation.Time);
        using var machine = settings.Settings is { } usable ? invocation.Machine(WithShortCalls(usable)) : null;

        // What a clone needs of libvirt may take as long as for a job.
        using var patient = request.Deep && settings.HasImages ? invocation.Machine(settings.Settings!) : null;
        return await new Examination(invocation.Time).RunAsync(
            AllChecks(settings, new LibvirtLook(hypervisor), trying, machine, patient), cancellationToken);
    }

    private List<HealthCheck> AllChecks(SettingsLook settings, LibvirtLook libvirt, LibvirtHypervisor trying, Machine? machine, Machine? patient)
    {
        var tools = invocation.Tools();
        var host = RunnerHost.FromEnvironment(invocation.Variables);
        var runner = new RunnerLook(host, new RunnerFiles(host, new ToolEnvironment(invocation.Variables)), new Accounts(tools), request.ConfigToml);
        var sizes = new ImageSizes(settings, libvirt);
        var firewall = new FirewallLook(libvirt, tools);
        var probe = new AcceleratorProbe(trying, settings.Settings?.StateDir ?? new AbsolutePath("/nonexistent"), invocation.Time, KvmFiles.Read);
        return
        [
            .. new HostChecks(settings, libvirt, probe, sizes, tools, invocation.Time).All,
            .. new LibvirtChecks(settings, libvirt, runner).All,
            .. new StorageChecks(settings, libvirt, new ImageBases(settings, libvirt, new QemuImg(tools)), runner, tools).All,
            .. new NetworkChecks(settings, libvirt, firewall, tools).All,
            new GuestCheck(request, settings, runner, firewall, patient, new JobLog(invocation.Error)).One,
            .. new SshChecks(settings, runner, tools).All,
            .. new RunnerChecks(settings, runner, sizes).All,
            .. new ImageChecks(settings, libvirt).All,
            new LeftoverCheck(settings, libvirt, machine?.Collector).One,
        ];
    }

    private static Settings WithShortCalls(Settings settings) =>
        settings with { Libvirt = settings.Libvirt with { CallTimeout = settings.Libvirt.CallTimeout < LongestCall ? settings.Libvirt.CallTimeout : LongestCall } };
}
