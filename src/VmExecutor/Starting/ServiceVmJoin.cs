using System.Globalization;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Guests.Preparation;
using VmExecutor.Core.Services;
using VmExecutor.Core.Values;
using VmExecutor.Host;
using VmExecutor.Host.Guests;
using VmExecutor.Host.Hypervisor;

namespace VmExecutor.Starting;

/// <summary>A running VM that is to be joined with others.</summary>
internal sealed record JoinedVm(ClonePlan Plan, JobRun Run)
{
    public string Domain => Plan.Domain.Value;

    public MacAddress Card => Plan.Mac(ServiceNetwork.CardIndex);

    public GuestAccess Access => GuestOfJob.Access(Run.Key, Run.Directory.Paths, Run.Record);
}

/// <summary>A service with its VM.</summary>
internal sealed record JoinedService(PlannedService Service, JoinedVm Vm);

/// <summary>
/// Joins the running VM of a job with those of its services, tells each guest its address and the others' names, and waits until the services are ready. A service that is not ready in
/// time fails nothing: the job log has a warning with the last lines of its console, as with containers.
/// </summary>
internal sealed class ServiceVmJoin(Machine machine)
{
    private const int LongestReason = 600;

    /// <param name="job">The job's VM.</param>
    /// <param name="services">By their numbers.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="SystemFailureException">A VM could not be joined, or a guest not set up.</exception>
    public async Task RunAsync(JoinedVm job, IReadOnlyList<JoinedService> services, CancellationToken cancellationToken)
    {
        var began = machine.Time.GetTimestamp();
        JoinedVm[] all = [job, .. services.Select(one => one.Vm)];
        await Task.WhenAll(all.Select(vm => AskAsync(vm, ServiceVmScript.Prepare(vm.Card), cancellationToken)));
        await new ServiceLink(machine.Hypervisor).MakeAsync((job.Domain, job.Card), [.. services.Select(one => (one.Vm.Domain, one.Vm.Card))], cancellationToken);
        PlannedService[] planned = [.. services.Select(one => one.Service)];
        var own = SetUpAsync(job, planned, cancellationToken);
        await Task.WhenAll([own, .. services.Select(one => WaitAsync(job, own, one, planned, began, cancellationToken))]);
    }

    private async Task SetUpAsync(JoinedVm job, IReadOnlyList<PlannedService> services, CancellationToken cancellationToken)
    {
        var (state, said) = await AskAsync(job, ServiceVmScript.ForJob(job.Card, services), cancellationToken);
        if (state.Event != ServiceEvent.Started)
        {
            throw NotSetUp(job, state, said);
        }
    }

    private async Task WaitAsync(JoinedVm job, Task ownGuest, JoinedService one, IReadOnlyList<PlannedService> all, long began, CancellationToken cancellationToken)
    {
        var (service, vm) = one;
        var settings = service.Vm!.Service!;
        var (state, said) = await AskAsync(vm, ServiceVmScript.ForService(vm.Card, service, all, settings, job.Plan.Image.Services.Wait), cancellationToken);
        await ownGuest;
        if (state.Event is not (ServiceEvent.Up or ServiceEvent.Down))
        {
            throw NotSetUp(vm, state, said);
        }

        if (state.Event == ServiceEvent.Up && ServiceVmScript.Ports(service, settings) is { Count: > 0 })
        {
            var (reach, _) = await AskAsync(job, ServiceVmScript.ForReach(service, settings), cancellationToken);
            state = reach.Event == ServiceEvent.Down
                ? reach with { Text = $"its port {reach.Text} is open in its guest, and the job's guest does not reach it at {ServiceNetwork.Address(service.Number)}" }
                : state;
        }

        var log = job.Run.Log;
        if (state.Event == ServiceEvent.Up)
        {
            var ports = ServiceVmScript.Ports(service, settings);
            log.Say(string.Create(
                CultureInfo.InvariantCulture,
                $"Service {service} is up after {machine.Time.GetElapsedTime(began).TotalSeconds:0.0} s, as VM {vm.Domain} ({vm.Run.Record?.Start} start) at {ServiceNetwork.Address(service.Number)}{(ports.Count == 0 ? "" : $", {Quantity.Named("port", ports)}")}"));
            return;
        }

        var lines = state.Lines.Count > 0 ? state.Lines : ConsoleTail.Read(vm.Plan.Paths.Console);
        var last = string.Concat(lines.Select(line => $"\n  {PlainText.OneLine(line, LongestReason)}"));
        log.Warn($"service {service}, VM {vm.Domain}, probably did not start properly: {PlainText.OneLine(state.Text, LongestReason)}{(last.Length == 0 ? "" : $". Its last lines:{last}")}");
    }

    private async Task<(ServiceState State, GuestCommandResult Said)> AskAsync(JoinedVm vm, string text, CancellationToken cancellationToken)
    {
        var facts = new ServiceFacts(1);
        var watch = new DomainWatch(machine.Hypervisor, vm.Domain, vm.Plan.Paths.Console, machine.Time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            var access = vm.Access;
            var said = await GuestLife.OrDeathAsync(
                machine.GuestShell.ConverseAsync(
                    access,
                    IdentityScript.RootShell(access.User),
                    text,
                    line =>
                    {
                        facts.Take(line);
                        return null;
                    },
                    stop.Token),
                watch.WatchAsync(vm.Run.Log.Warn, stop.Token));
            return (facts.States[0], said);
        }
        finally
        {
            await stop.CancelAsync();
        }
    }

    private static SystemFailureException NotSetUp(JoinedVm vm, ServiceState state, GuestCommandResult said)
    {
        var evidence = PlainText.OneLine(state.Event == ServiceEvent.NotStarted ? state.Text : said.StandardError.Trim(), LongestReason);
        return new(
            ErrorCodes.ServiceVmNotJoined,
            $"the guest of VM {vm.Domain} (image '{vm.Plan.Image.Name}') could not be set up for the network of the job's services{(evidence.Length == 0 ? "" : $": {evidence}")}",
            $"Its 'ssh.user' must be root or have sudo without a password, and it must be a Linux that takes a network card while it runs (PCI hot-plug, virtio).");
    }
}
