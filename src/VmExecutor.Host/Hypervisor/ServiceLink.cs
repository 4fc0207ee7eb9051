using Microsoft.Win32.SafeHandles;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Services;
using VmExecutor.Core.Values;

namespace VmExecutor.Host.Hypervisor;

/// <summary>Joins the running VM of a job and the VMs of its services by a network of their own (<see cref="ServiceNetwork"/>).</summary>
public sealed class ServiceLink(IHypervisor hypervisor)
{
    // sys/socket.h and bits/socket_type.h of Linux.
    private const int UnixSockets = 1;
    private const int StreamClosedOnExec = 1 | 0x80000;

    /// <summary>The guests have their cards afterwards, with no address yet.</summary>
    /// <param name="job">The domain of the job's VM, and the address of its card.</param>
    /// <param name="services">The same of each service's VM, by its number.</param>
    /// <param name="cancellationToken">Ends it; what was made goes with the VMs.</param>
    /// <exception cref="SystemFailureException"><see cref="ErrorCodes.ServiceVmNotJoined"/>.</exception>
    public async Task MakeAsync((string Domain, MacAddress Card) job, IReadOnlyList<(string Domain, MacAddress Card)> services, CancellationToken cancellationToken)
    {
        for (var number = 0; number < services.Count; number++)
        {
            var (ofJob, ofService) = Pair();
            using (ofJob)
            using (ofService)
            {
                await TellAsync(services[number].Domain, ofService, async qemu => ServiceNetwork.ForService(services[number].Card, await FindPortAsync(qemu, cancellationToken).ConfigureAwait(false)), cancellationToken).ConfigureAwait(false);
                var at = number;
                await TellAsync(job.Domain, ofJob, _ => Task.FromResult(ServiceNetwork.ForSocketOfJob(at)), cancellationToken).ConfigureAwait(false);
            }
        }

        await TellAsync(job.Domain, null, async qemu => ServiceNetwork.ForJob(job.Card, await FindPortAsync(qemu, cancellationToken).ConfigureAwait(false)), cancellationToken).ConfigureAwait(false);
    }

    private async Task TellAsync(string domain, SafeFileHandle? socket, Func<QemuMonitor, Task<IReadOnlyList<string>>> commands, CancellationToken cancellationToken)
    {
        var qemu = new QemuMonitor(hypervisor, domain);
        try
        {
            var all = await commands(qemu).ConfigureAwait(false);
            if (socket is not null)
            {
                await qemu.TellAsync(ServiceNetwork.TakeSocket, socket, cancellationToken).ConfigureAwait(false);
            }

            foreach (var command in all)
            {
                await qemu.TellAsync(command, null, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (HypervisorException e)
        {
            throw new SystemFailureException(
                ErrorCodes.ServiceVmNotJoined,
                $"VM {domain} could not be joined to the network of the job's services: {e.Message}",
                "Its machine must take a network card while it runs: q35 or virt with a template made by this driver ('vm-executor image warm'), or pc; and libvirt must be on this host.",
                e);
        }
    }

    private static async Task<string?> FindPortAsync(QemuMonitor qemu, CancellationToken cancellationToken) =>
        ServiceNetwork.FindPort(await qemu.TellAsync(ServiceNetwork.AskDevices, null, cancellationToken).ConfigureAwait(false));

    /// <summary>Two connected sockets.</summary>
    private static unsafe (SafeFileHandle, SafeFileHandle) Pair()
    {
        var descriptors = stackalloc int[2];
        return Libc.SocketPair(UnixSockets, StreamClosedOnExec, 0, descriptors) == 0
            ? (new SafeFileHandle(descriptors[0], ownsHandle: true), new SafeFileHandle(descriptors[1], ownsHandle: true))
            : throw new SystemFailureException(ErrorCodes.ServiceVmNotJoined, $"no pair of sockets can be made: {Libc.Failure().Message}", "See whether this process may have more open files: ulimit -n.");
    }
}
