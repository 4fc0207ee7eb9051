using VmExecutor.Commands;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Health;
using VmExecutor.Core.Values;
using VmExecutor.Host;
using VmExecutor.Host.Health;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Libvirt;
using VmExecutor.Host.Processes;
using VmExecutor.Host.Runner;
using VmExecutor.Observing;

namespace VmExecutor.Health;

/// <summary>The request of <c>doctor</c>.</summary>
/// <param name="ConfigOption">The <c>--config</c> option.</param>
/// <param name="ConfigToml">GitLab Runner's configuration; null: where it usually is.</param>
/// <param name="Deep">Whether a VM is started to look from inside.</param>
/// <param name="Image">Of that VM; null: the one of jobs that name none.</param>
/// <param name="Reach">Where its guest is asked to connect to; null: to the GitLab servers of config.toml.</param>
internal sealed record DoctorRequest(string? ConfigOption, AbsolutePath? ConfigToml, bool Deep, ImageName? Image, ReachTarget? Reach);

/// <summary>Makes the looks of <c>doctor</c>, one for each topic, with what of the configuration could be read, and runs their checks.</summary>
internal sealed class HealthTasks(Invocation invocation, DoctorRequest request)
{
    /// <summary>The time limit for a call of libvirt: a person waits, and the limit of the configuration is for jobs.</summary>
    private static readonly TimeSpan LongestCall = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan LongestTry = TimeSpan.FromSeconds(45);

    public async Task<HealthFindings> ExamineAsync(CancellationToken cancellationToken)
    {
        var config = ConfigLook.Take(
            SettingsPath.Decide(request.ConfigOption, invocation.Variables, DriverCommand.Here()),
            () => invocation.Load(request.ConfigOption),
            () => invocation.LoadWithoutImages(request.ConfigOption));
        var uri = config.Settings is { } known ? invocation.UriOf(known) : LibvirtUri.Resolve(null, invocation.Variables, Environment.IsPrivilegedProcess);
        using var hypervisor = new LibvirtHypervisor(uri, LongestCall, invocation.Time);

        // On a connection of its own: others would wait behind its start of a domain.
        using var trying = new LibvirtHypervisor(uri, LongestTry, invocation.Time);
        using var machine = config.Settings is { } usable ? invocation.Machine(WithShortCalls(usable)) : null;

        // What a clone needs of libvirt may take as long as for a job.
        using var patient = request.Deep && config.HasImages ? invocation.Machine(config.Settings!) : null;
        return await new Examination(invocation.Time).RunAsync(
            AllChecks(config, new LibvirtLook(config, hypervisor), trying, machine, patient), cancellationToken);
    }

    /// <summary>In any order: the report has its own.</summary>
    private List<HealthCheck> AllChecks(ConfigLook config, LibvirtLook libvirt, LibvirtHypervisor trying, Machine? machine, Machine? patient)
    {
        var tools = invocation.Tools();
        var host = RunnerHost.FromEnvironment(invocation.Variables);
        var search = new ToolEnvironment(invocation.Variables);
        var files = new RunnerFiles(host, search);
        var running = new Lazy<GitLabRunner?>(() => GitLabRunner.Find(host));
        var runner = new Lazy<RunnerConfig>(() => RunnerConfig.Read(files, request.ConfigToml, running.Value));
        var users = new UserLook(config, libvirt, new Accounts(tools), running);
        var images = new ImageLook(config, libvirt, search, invocation.Time);
        var network = new NetworkLook(config, libvirt, tools);
        var probe = new AcceleratorProbe(trying, config.Settings?.StateDir ?? new AbsolutePath("/nonexistent"), invocation.Time, KvmFiles.Read);
        var kvm = new KvmLook(config, libvirt, probe);
        return
        [
            .. config.All,
            .. kvm.All,
            .. new HostLook(config, images, tools, invocation.Time).All,
            .. libvirt.All,
            .. new TpmLook(config, libvirt, images, TpmFiles.OfHost(tools)).All,
            .. users.All,
            .. new StorageLook(config, libvirt, users, tools).All,
            .. network.All,
            .. new GuestLook(request, config, runner, network, patient, new JobLog(invocation.Error)).All,
            .. new SshLook(config, users, tools).All,
            .. new RunnerLook(config, runner, files, images, new RunnerUnit(host, tools), invocation.Time).All,
            .. images.All,
            .. new LeftoverLook(libvirt, machine?.Collector, kvm.Over).All,
        ];
    }

    private static Settings WithShortCalls(Settings settings) =>
        settings with { Libvirt = settings.Libvirt with { CallTimeout = settings.Libvirt.CallTimeout < LongestCall ? settings.Libvirt.CallTimeout : LongestCall } };
}
