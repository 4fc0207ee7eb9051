using System.Text.Json;
using FluentAssertions;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Libvirt;
using Xunit;

namespace VmExecutor.Host.Tests.Libvirt;

/// <summary>The network between the VM of a job and those of its services, made in real QEMUs whose guests never run.</summary>
public sealed class ServiceLinkTests : IDisposable
{
    private const string Uri = "qemu:///system";
    private const string Cards = """{"execute":"query-rx-filter"}""";

    private readonly TestDomain _job = new();
    private readonly TestDomain _service = new();
    private readonly LibvirtHypervisor _hypervisor = new(Uri, TimeSpan.FromMinutes(1), TimeProvider.System);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _job.Dispose();
        _service.Dispose();
        _hypervisor.Dispose();
    }

    [Theory(Timeout = 180_000)]
    [InlineData("pc", "pc")]
    [InlineData("pc", "q35")]
    [InlineData("q35", "q35")]
    public async Task Both_VMs_have_a_card_with_its_address(string job, string service)
    {
        await StartAsync(_job, job, hasSparePort: true);
        await StartAsync(_service, service, hasSparePort: true);

        await MakeAsync();

        CardOf(_job).Should().Be("52:54:00:00:00:01");
        CardOf(_service).Should().Be("52:54:00:00:00:02");
    }

    [Theory(Timeout = 180_000)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_PCI_Express_machine_without_a_free_port_is_named(bool isTheJobs)
    {
        await StartAsync(_job, isTheJobs ? "q35" : "pc", hasSparePort: false);
        await StartAsync(_service, isTheJobs ? "pc" : "q35", hasSparePort: false);

        var failure = (await FluentActions.Awaiting(MakeAsync).Should().ThrowAsync<SystemFailureException>()).Which;

        failure.Code.Should().Be(ErrorCodes.ServiceVmNotJoined);
        failure.Message.Should().StartWith($"VM {(isTheJobs ? _job : _service).Name} could not be joined to the network of the job's services: ").And.Contain("pcie.0");
        failure.Hint.Should().Contain("vm-executor image warm");
    }

    private Task MakeAsync() => new ServiceLink(_hypervisor).MakeAsync((_job.Name, new MacAddress([0, 0, 1])), [(_service.Name, new MacAddress([0, 0, 2]))], Token);

    private async Task StartAsync(TestDomain domain, string machine, bool hasSparePort)
    {
        Prerequisite.Libvirt();

        // A plain PCI bus takes cards by ACPI.
        var xml = domain.Xml.Replace("<type>", $"<type arch='x86_64' machine='{machine}'>", StringComparison.Ordinal)
            .Replace("<devices>", "<features><acpi/></features><devices>", StringComparison.Ordinal);
        if (hasSparePort && machine == "q35")
        {
            const string Port = """{"driver":"pcie-root-port","id":"vmx-service-port","chassis":250}""";
            xml = xml.Replace("<domain type='qemu'>", "<domain type='qemu' xmlns:q='http://libvirt.org/schemas/domain/qemu/1.0'>", StringComparison.Ordinal)
                .Replace("</domain>", $"<q:commandline><q:arg value='-device'/><q:arg value='{Port}'/></q:commandline></domain>", StringComparison.Ordinal);
        }

        await _hypervisor.CreateTransientAsync(xml, paused: true, Token);
    }

    private static string? CardOf(TestDomain domain)
    {
        using var answer = JsonDocument.Parse(Virsh.Run("qemu-monitor-command", domain.Name, Cards).Output);
        return answer.RootElement.GetProperty("return").EnumerateArray().Single(card => card.GetProperty("name").GetString() == "vmx-service-card").GetProperty("main-mac").GetString();
    }
}
