using System.Reflection;
using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Values;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Libvirt;
using Xunit;

namespace VmExecutor.Host.Tests;

public sealed class MachineTests
{
    private const int Askers = 16;

    /// <summary>As the VMs of one job that start side by side, and the checks of doctor: two sets of locks would be two holders of a lock.</summary>
    [Fact(Timeout = 120_000)]
    public async Task Each_part_is_the_same_for_all_that_ask_for_it_at_once()
    {
        var parts = typeof(Machine).GetProperties().Where(part => part.PropertyType.IsClass || part.PropertyType.IsInterface).ToList();
        parts.Should().Contain(part => part.Name == nameof(Machine.Locks));
        for (var round = 0; round < 20; round++)
        {
            using var machine = new Machine(new Settings { File = new AbsolutePath("/nonexistent/vm-executor.yaml"), Images = [], StateDir = new AbsolutePath("/nonexistent") }, new Dictionary<string, string>(), TimeProvider.System);
            foreach (var part in parts)
            {
                (await AtOnceAsync(() => part.GetValue(machine, BindingFlags.DoNotWrapExceptions, null, null, null))).Should().AllSatisfy(one => one.Should().BeSameAs(part.GetValue(machine)), part.Name);
            }
        }
    }

    [Fact(Timeout = 120_000)]
    public async Task Each_libvirt_is_opened_once_for_all_that_ask_for_it_at_once()
    {
        for (var round = 0; round < 50; round++)
        {
            var opened = 0;
            using var hypervisors = new Hypervisors("test:///default", uri =>
            {
                Interlocked.Increment(ref opened);
                return new LibvirtHypervisor(uri, TimeSpan.FromSeconds(1), TimeProvider.System);
            });

            var found = await AtOnceAsync(() => hypervisors.At("test:///default"));

            found.Distinct().Should().ContainSingle();
            opened.Should().Be(1);
        }
    }

    private static async Task<IReadOnlyList<T>> AtOnceAsync<T>(Func<T> ask)
    {
        using var together = new Barrier(Askers);
        return await Task.WhenAll(Enumerable.Range(0, Askers).Select(_ => Task.Factory.StartNew(
            () =>
            {
                together.SignalAndWait(TestContext.Current.CancellationToken);
                return ask();
            },
            TestContext.Current.CancellationToken,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default)));
    }
}
