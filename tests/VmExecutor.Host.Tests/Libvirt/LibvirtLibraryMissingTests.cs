using System.Runtime.InteropServices;
using System.Runtime.Loader;
using FluentAssertions;
using VmExecutor.Core.Failures;
using VmExecutor.Host.Libvirt;
using Xunit;

namespace VmExecutor.Host.Tests.Libvirt;

public sealed class LibvirtLibraryMissingTests
{
    [Fact(Timeout = 60_000)]
    public async Task A_missing_library_is_reported_with_what_to_install()
    {
        // A second copy of our assembly, for which the library cannot be found.
        var context = new AssemblyLoadContext("without libvirt", isCollectible: false);
        var host = context.LoadFromAssemblyPath(typeof(LibvirtHypervisor).Assembly.Location);
        NativeLibrary.SetDllImportResolver(host, (name, _, _) => throw new DllNotFoundException($"Unable to load shared library '{name}'"));
        dynamic hypervisor = Activator.CreateInstance(
            host.GetType(typeof(LibvirtHypervisor).FullName!)!, "test:///default", TimeSpan.FromSeconds(30), TimeProvider.System)!;

        var ask = async () => { await (Task)hypervisor.GetVersionAsync(TestContext.Current.CancellationToken); };
        var failure = (await ask.Should().ThrowAsync<SystemFailureException>()).Which;
        failure.Code.Should().Be(ErrorCodes.HypervisorLibraryMissing);
        failure.Message.Should().Contain("libvirt.so.0");
        failure.Hint.Should().Contain("apt-get install libvirt0 libvirt-clients");
    }
}
