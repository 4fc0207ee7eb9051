using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;
using VmExecutor.Health;
using VmExecutor.Host.Tests.Fakes;
using VmExecutor.Observing;
using VmExecutor.Program.Tests.Faults;
using VmExecutor.Publishing;
using Xunit;

namespace VmExecutor.Program.Tests.Health;

/// <summary>A source whose processor the driver does not know is found before a job is: by check, doctor and publishing.</summary>
public sealed class SourceArchitectureTests : IDisposable
{
    private readonly FakeHypervisor _hypervisor = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _hypervisor.Dispose();

    [Theory(Timeout = 60_000)]
    [InlineData("riscv64", false)]
    [InlineData("ppc64le", false)]
    [InlineData("aarch64", true)]
    [InlineData("x86_64", true)]
    public async Task Check_and_doctor_name_it(string architecture, bool known)
    {
        Define(architecture);

        var look = await new SourceDomains(_hypervisor).OfDomainAsync("base", new HashSet<string>(), Cancellation);

        look.Troubles.Any(trouble => trouble.IsFatal && trouble.What.Contains($"'{architecture}'", StringComparison.Ordinal) && trouble.What.Contains("VMX1311", StringComparison.Ordinal))
            .Should().Be(!known);
    }

    [Fact(Timeout = 60_000)]
    public async Task Publishing_refuses_it_before_the_domain_is_asked_to_shut_down()
    {
        Define("riscv64");
        using var machine = TestMachine.Of(TestMachine.Settings(new AbsolutePath("/state")), new FakeGuestShell(), _hypervisor);
        var image = new ImageDefinition
        {
            File = new AbsolutePath("/base.yaml"),
            Name = new ImageName("base"),
            Source = new ImageSource.Domain("base") { AllowShutdown = true },
            Ssh = new SshSettings { User = "ci", Key = new AbsolutePath("/key") },
        };

        var open = () => new PublishSource(machine).OpenAsync(image, new PublishLog(new JobLog(TextWriter.Null), TimeProvider.System, _ => { }), Cancellation);

        (await open.Should().ThrowAsync<SystemFailureException>()).Which.Code.Should().Be(ErrorCodes.ArchitectureUnsupported);
        _hypervisor.Calls.Should().NotContain(call => call.Contains("shut", StringComparison.Ordinal));
    }

    private void Define(string architecture) => _hypervisor.Domains["base"] =
        $"<domain type='qemu'><name>base</name><memory>1024</memory><os><type arch='{architecture}'>hvm</type></os><devices/></domain>";
}
