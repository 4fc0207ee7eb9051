using System.Xml.Linq;
using FluentAssertions;
using VmExecutor.Core.Failures;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Libvirt;
using VmExecutor.Host.Tests.Fakes;
using Xunit;

namespace VmExecutor.Host.Tests.Libvirt;

/// <summary>Against the machine's real libvirt daemon and QEMU; what came of it is looked at with virsh.</summary>
public sealed class LibvirtQemuTests : IDisposable
{
    private readonly LibvirtHypervisor hypervisor;
    private readonly TestDomain domain = new();

    public LibvirtQemuTests()
    {
        Prerequisite.Libvirt();
        hypervisor = new LibvirtHypervisor("qemu:///system", TimeSpan.FromSeconds(100), TimeProvider.System);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        hypervisor.Dispose();
        domain.Dispose();
    }

    [Fact(Timeout = 120_000)]
    public async Task A_paused_domain_is_created_and_destroyed_once()
    {
        await hypervisor.CreateTransientAsync(domain.Xml, paused: true, Token);
        Virsh.Run("domstate", domain.Name, "--reason").Output.Should().Be("paused (user)");
        Virsh.Run("dominfo", domain.Name).Output.Should().MatchRegex("Persistent: +no");
        (await hypervisor.ListDomainsAsync(Token)).Should().Contain(domain.Name);
        (await hypervisor.FindStatusAsync(domain.Name, Token)).Should().Be(new DomainStatus(DomainState.Paused, 1));

        (await hypervisor.DestroyAsync(domain.Name, Token)).Should().BeTrue();
        Virsh.Domains().Should().NotContain(domain.Name);
        (await hypervisor.DestroyAsync(domain.Name, Token)).Should().BeFalse();
        (await hypervisor.RequestShutdownAsync(domain.Name, Token)).Should().BeFalse();
        (await hypervisor.FindStatusAsync(domain.Name, Token)).Should().BeNull();
        (await hypervisor.FindXmlAsync(domain.Name, inactive: false, Token)).Should().BeNull();
    }

    [Fact(Timeout = 120_000)]
    public async Task The_monitor_answers_and_starts_a_paused_domain()
    {
        await hypervisor.CreateTransientAsync(domain.Xml, paused: true, Token);
        var version = await hypervisor.GetVersionAsync(Token);
        (await hypervisor.SendMonitorCommandAsync(domain.Name, "info version", Token)).Should().Contain(version.Qemu);
        await hypervisor.SendMonitorCommandAsync(domain.Name, "cont", Token);
        Virsh.Run("qemu-monitor-command", domain.Name, "--hmp", "info status").Output.Should().Contain("running");
        (await hypervisor.RequestShutdownAsync(domain.Name, Token)).Should().BeTrue();
    }

    [Fact(Timeout = 120_000)]
    public async Task A_paused_domain_cannot_be_asked_to_shut_down()
    {
        await hypervisor.CreateTransientAsync(domain.Xml, paused: true, Token);
        (await hypervisor.RequestShutdownAsync(domain.Name, Token)).Should().BeFalse();
        Virsh.Domains().Should().Contain(domain.Name);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_domain_without_agent_or_lease_has_no_addresses()
    {
        await hypervisor.CreateTransientAsync(domain.Xml, paused: true, Token);
        foreach (var source in Enum.GetValues<AddressSource>())
        {
            (await hypervisor.GetAddressesAsync(domain.Name, source, Token)).Should().BeEmpty();
        }
    }

    [Fact(Timeout = 120_000)]
    public async Task A_start_that_QEMU_refuses_carries_its_last_words_and_leaves_nothing()
    {
        var xml = domain.Xml
            .Replace("<domain type='qemu'>", "<domain type='qemu' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>", StringComparison.Ordinal)
            .Replace("</domain>", "<qemu:commandline><qemu:arg value='-no-such-option'/></qemu:commandline></domain>", StringComparison.Ordinal);
        var start = () => hypervisor.CreateTransientAsync(xml, paused: true, Token);
        var failure = (await start.Should().ThrowAsync<LibvirtException>()).Which;
        failure.Code.Should().Be(ErrorCodes.DomainStartFailed);
        failure.Message.Should().Contain("-no-such-option: invalid option");
        failure.Hint.Should().Contain("journalctl -u libvirtd");
        failure.ConnectionLost.Should().BeFalse();
        Virsh.Domains().Should().NotContain(domain.Name);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_second_domain_of_the_same_name_is_refused()
    {
        await hypervisor.CreateTransientAsync(domain.Xml, paused: true, Token);
        var start = () => hypervisor.CreateTransientAsync(domain.Xml, paused: true, Token);
        (await start.Should().ThrowAsync<LibvirtException>()).Which.Error.Number.Should().Be(LibvirtErrorNumber.OperationFailed);
        Virsh.Domains().Should().Contain(domain.Name);
    }

    [Fact(Timeout = 120_000)]
    public async Task Versions_are_those_virsh_prints()
    {
        var version = await hypervisor.GetVersionAsync(Token);
        Virsh.Run("version", "--daemon").Output.Should()
            .Contain($"Running hypervisor: QEMU {version.Qemu}").And.Contain($"Running against daemon: {version.Libvirt}");
    }

    [Fact(Timeout = 120_000)]
    public async Task Capabilities_are_those_of_the_host() =>
        XDocument.Parse(await hypervisor.GetCapabilitiesAsync(Token)).Root!.Element("host").Should().NotBeNull();
}
