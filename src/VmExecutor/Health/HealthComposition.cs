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

namespace VmExecutor.Health;

/// <summary>The parts of <c>doctor</c>, each with what of the configuration could be read.</summary>
internal sealed class HealthComposition(Composition composition, DoctorRequest request)
{
    /// <summary>Who asks is waiting; the limit of the configuration is for jobs.</summary>
    private static readonly TimeSpan LongestCall = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan LongestTry = TimeSpan.FromSeconds(45);

    public async Task<HealthFindings> ExamineAsync(CancellationToken cancellationToken)
    {
        var settings = SettingsLook.Take(
            SettingsPath.Decide(request.ConfigOption, composition.Variables, DriverCommand.Here()),
            () => composition.Load(request.ConfigOption),
            () => composition.LoadWithoutImages(request.ConfigOption));
        var uri = settings.Settings is { } known ? composition.UriOf(known) : LibvirtUri.Resolve(null, composition.Variables, Environment.IsPrivilegedProcess);
        using var hypervisor = new LibvirtHypervisor(uri, LongestCall, composition.Time);

        // On a connection of its own: others would wait behind its start of a domain.
        using var trying = new LibvirtHypervisor(uri, LongestTry, composition.Time);
        using var machine = settings.Settings is { } usable ? composition.Machine(WithShortCalls(usable)) : null;

        // What a clone needs of libvirt may take as long as for a job.
        using var patient = request.Deep && settings.HasImages ? composition.Machine(settings.Settings!) : null;
        return await new Examination(composition.Time).RunAsync(
            AllChecks(settings, new LibvirtLook(hypervisor), trying, machine, patient), cancellationToken);
    }

    private List<HealthCheck> AllChecks(SettingsLook settings, LibvirtLook libvirt, LibvirtHypervisor trying, Machine? machine, Machine? patient)
    {
        var tools = composition.Tools();
        var host = RunnerHost.FromEnvironment(composition.Variables);
        var runner = new RunnerLook(host, new RunnerFiles(host, new ToolEnvironment(composition.Variables)), new Accounts(tools), request.ConfigToml);
        var sizes = new ImageSizes(settings, libvirt);
        var firewall = new FirewallLook(libvirt, tools);
        var probe = new AcceleratorProbe(trying, settings.Settings?.StateDir ?? new AbsolutePath("/nonexistent"), composition.Time, KvmFiles.Read);
        return
        [
            .. new HostChecks(settings, libvirt, probe, sizes, tools, composition.Time).All,
            .. new LibvirtChecks(settings, libvirt, runner).All,
            .. new StorageChecks(settings, libvirt, new ImageBases(settings, libvirt, new QemuImg(tools)), runner, tools).All,
            .. new NetworkChecks(settings, libvirt, firewall, tools).All,
            new GuestCheck(request, settings, runner, firewall, patient, new JobLog(composition.Error)).One,
            .. new SshChecks(settings, runner, tools).All,
            .. new RunnerChecks(settings, runner, sizes).All,
            .. new ImageChecks(settings, libvirt).All,
            new LeftoverCheck(settings, libvirt, machine?.Collector).One,
        ];
    }

    private static Settings WithShortCalls(Settings settings) =>
        settings with { Libvirt = settings.Libvirt with { CallTimeout = settings.Libvirt.CallTimeout < LongestCall ? settings.Libvirt.CallTimeout : LongestCall } };
}
