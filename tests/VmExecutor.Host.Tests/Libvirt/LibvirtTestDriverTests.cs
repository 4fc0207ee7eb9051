using System.Xml.Linq;
using FluentAssertions;
using VmExecutor.Core.Failures;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Libvirt;
using VmExecutor.Host.Tests.Fakes;
using Xunit;

namespace VmExecutor.Host.Tests.Libvirt;

/// <summary>Against libvirt's own test driver, which lives in this process: one running domain, <c>test</c>, for each first connection.</summary>
public sealed class LibvirtTestDriverTests : IDisposable
{
    private const string Transient = """
        <domain type='test'>
          <name>vmx-test-transient</name>
          <memory unit='MiB'>32</memory>
          <os><type>hvm</type></os>
          <devices><interface type='network'><source network='default'/></interface></devices>
        </domain>
        """;

    private readonly LibvirtHypervisor hypervisor;

    public LibvirtTestDriverTests()
    {
        Prerequisite.LibvirtLibrary();
        hypervisor = new LibvirtHypervisor("test:///default", TimeSpan.FromSeconds(30), TimeProvider.System);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => hypervisor.Dispose();

    [Fact(Timeout = 60_000)]
    public async Task Domains_are_listed_by_name() =>
        (await hypervisor.ListDomainsAsync(Token)).Should().Equal("test");

    [Fact(Timeout = 60_000)]
    public async Task The_state_of_a_running_domain_is_found() =>
        (await hypervisor.FindStatusAsync("test", Token)).Should().BeEquivalentTo(new { State = DomainState.Running, IsAlive = true });

    [Fact(Timeout = 60_000)]
    public async Task The_XML_of_a_domain_is_found()
    {
        var xml = await hypervisor.FindXmlAsync("test", inactive: false, Token);
        XDocument.Parse(xml!).Root!.Element("name")!.Value.Should().Be("test");
    }

    [Fact(Timeout = 60_000)]
    public async Task The_inactive_XML_has_no_run_time_id()
    {
        var active = XDocument.Parse((await hypervisor.FindXmlAsync("test", inactive: false, Token))!);
        var inactive = XDocument.Parse((await hypervisor.FindXmlAsync("test", inactive: true, Token))!);
        active.Root!.Attribute("id").Should().NotBeNull();
        inactive.Root!.Attribute("id").Should().BeNull();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_domain_that_is_not_there_has_no_state_no_XML_and_no_addresses()
    {
        (await hypervisor.FindStatusAsync("nobody", Token)).Should().BeNull();
        (await hypervisor.FindXmlAsync("nobody", inactive: true, Token)).Should().BeNull();
        (await hypervisor.GetAddressesAsync("nobody", AddressSource.Lease, Token)).Should().BeEmpty();
    }

    [Fact(Timeout = 60_000)]
    public async Task The_directory_of_a_storage_pool_is_found()
    {
        (await hypervisor.FindPoolDirectoryAsync("default-pool", Token)).Should().Be(new Core.Values.AbsolutePath("/default-pool"));
        (await hypervisor.FindPoolDirectoryAsync("nobody", Token)).Should().BeNull();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_definition_comes_with_its_secrets_where_they_may_be_seen()
    {
        await hypervisor.DefineAsync(Transient.Replace("<devices>", "<devices><graphics type='vnc' autoport='yes' passwd='s3cret'/>", StringComparison.Ordinal), Token);

        var definition = (await hypervisor.FindDefinitionAsync("vmx-test-transient", Token))!;

        definition.HasSecrets.Should().BeTrue();
        definition.Xml.Should().Contain("passwd='s3cret'");
        definition.ToString().Should().NotContain("s3cret");
        (await hypervisor.FindXmlAsync("vmx-test-transient", inactive: true, Token)).Should().NotContain("s3cret");
        (await hypervisor.FindDefinitionAsync("nobody", Token)).Should().BeNull();
    }

    [Fact(Timeout = 60_000)]
    public async Task Stopping_a_domain_that_is_not_there_says_so()
    {
        (await hypervisor.DestroyAsync("nobody", Token)).Should().BeFalse();
        (await hypervisor.RequestShutdownAsync("nobody", Token)).Should().BeFalse();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_domain_is_destroyed_once()
    {
        (await hypervisor.DestroyAsync("test", Token)).Should().BeTrue();
        (await hypervisor.FindStatusAsync("test", Token))!.State.Should().Be(DomainState.ShutOff);
        (await hypervisor.DestroyAsync("test", Token)).Should().BeFalse();
        (await hypervisor.RequestShutdownAsync("test", Token)).Should().BeFalse();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_shutdown_is_asked_for() =>
        (await hypervisor.RequestShutdownAsync("test", Token)).Should().BeTrue();

    [Fact(Timeout = 60_000)]
    public async Task A_transient_domain_is_there_until_it_is_destroyed()
    {
        await hypervisor.CreateTransientAsync(Transient, paused: false, Token);
        (await hypervisor.FindStatusAsync("vmx-test-transient", Token))!.State.Should().Be(DomainState.Running);
        (await hypervisor.DestroyAsync("vmx-test-transient", Token)).Should().BeTrue();
        (await hypervisor.ListDomainsAsync(Token)).Should().Equal("test");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_defined_domain_is_off_until_it_is_started_and_there_until_it_is_undefined()
    {
        const string Name = "vmx-test-transient";
        await hypervisor.DefineAsync(Transient, Token);
        (await hypervisor.FindStatusAsync(Name, Token))!.State.Should().Be(DomainState.ShutOff);
        (await hypervisor.HasSavedStateAsync(Name, Token)).Should().BeFalse();
        await hypervisor.StartAsync(Name, Token);
        (await hypervisor.FindStatusAsync(Name, Token))!.State.Should().Be(DomainState.Running);
        (await hypervisor.DestroyAsync(Name, Token)).Should().BeTrue();
        (await hypervisor.UndefineAsync(Name, Token)).Should().BeTrue();
        (await hypervisor.UndefineAsync(Name, Token)).Should().BeFalse();
        (await hypervisor.HasSavedStateAsync(Name, Token)).Should().BeFalse();
        (await hypervisor.ListDomainsAsync(Token)).Should().Equal("test");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_definition_that_libvirt_does_not_take_is_refused_with_its_reason()
    {
        var define = () => hypervisor.DefineAsync("<domain type='test'><name>broken</name></domain>", Token);
        (await define.Should().ThrowAsync<LibvirtException>()).Which.Message.Should().Contain("an os <type> must be specified").And.Contain("virDomainDefineXMLFlags");
        var start = () => hypervisor.StartAsync("nobody", Token);
        (await start.Should().ThrowAsync<LibvirtException>()).Which.Message.Should().Contain("'nobody'");
    }

    [Fact(Timeout = 60_000)]
    public async Task Addresses_are_read_from_the_leases()
    {
        await hypervisor.CreateTransientAsync(Transient, paused: false, Token);
        (await hypervisor.GetAddressesAsync("vmx-test-transient", AddressSource.Lease, Token))
            .Should().ContainSingle(lease => lease.Mac.StartsWith("52:54:00:") && lease.Address.StartsWith("192.168.122."));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_failed_start_carries_what_libvirt_said()
    {
        var start = () => hypervisor.CreateTransientAsync("<domain type='test'><name>broken</name></domain>", paused: false, Token);
        var failure = (await start.Should().ThrowAsync<LibvirtException>()).Which;
        failure.Code.Should().Be(ErrorCodes.DomainStartFailed);
        failure.Error.Number.Should().Be(LibvirtErrorNumber.XmlError);
        failure.Error.Domain.Should().Be(LibvirtErrorDomain.DomainDefinition);
        failure.Error.Level.Should().Be(LibvirtErrorLevel.Error);
        failure.Error.Message.Should().Contain("an os <type> must be specified");
        failure.Message.Should().Contain(failure.Error.Message).And.Contain("test:///default").And.Contain("virDomainCreateXML");
        failure.Hint.Should().Contain("machine definition");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_failed_call_leaves_the_connection_as_it_was()
    {
        await hypervisor.CreateTransientAsync(Transient, paused: false, Token);
        var start = () => hypervisor.CreateTransientAsync("not xml", paused: false, Token);
        await start.Should().ThrowAsync<LibvirtException>();

        // A new connection of the test driver would have forgotten it.
        (await hypervisor.ListDomainsAsync(Token)).Should().BeEquivalentTo("test", "vmx-test-transient");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_monitor_command_to_a_driver_without_one_is_refused()
    {
        var send = () => hypervisor.SendMonitorCommandAsync("test", "info version", Token);
        (await send.Should().ThrowAsync<LibvirtException>()).Which.Code.Should().Be(ErrorCodes.HypervisorCallFailed);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_monitor_command_to_a_domain_that_is_not_there_names_it()
    {
        var send = () => hypervisor.SendMonitorCommandAsync("nobody", "info version", Token);
        var failure = (await send.Should().ThrowAsync<LibvirtException>()).Which;
        failure.Error.Number.Should().Be(LibvirtErrorNumber.NoDomain);
        failure.Message.Should().Contain("'nobody'");
    }

    [Fact(Timeout = 60_000)]
    public async Task Many_calls_at_once_go_one_after_the_other()
    {
        var calls = Enumerable.Range(0, 50).Select(_ => hypervisor.FindStatusAsync("test", Token));
        (await Task.WhenAll(calls)).Should().OnlyContain(status => status!.State == DomainState.Running);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_hypervisor_that_was_disposed_refuses_calls()
    {
        hypervisor.Dispose();
        var list = () => hypervisor.ListDomainsAsync(Token);
        await list.Should().ThrowAsync<ObjectDisposedException>();
    }
}
