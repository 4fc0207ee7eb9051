using System.Net;
using System.Net.Sockets;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Health;
using VmExecutor.Host;
using VmExecutor.Host.Images;
using VmExecutor.Observing;
using VmExecutor.Publishing;

namespace VmExecutor.Health;

/// <summary>Looks at the network from inside a guest, with <c>doctor --deep</c>: of a VM that it starts as a job would get it.</summary>
internal sealed class GuestLook(DoctorRequest request, ConfigLook config, Lazy<RunnerConfig> runner, NetworkLook network, Machine? machine, JobLog log)
{
    /// <summary>For what is not the guest's: capacity, disks, the questions, the removal.</summary>
    private static readonly TimeSpan Rest = TimeSpan.FromMinutes(3);

    public IReadOnlyList<HealthCheck> All => [new(Checks.GuestStart, Limit(), LookAsync)];

    /// <summary>The named one, else that of jobs that name none, else the first; null: there is no such image.</summary>
    private ImageDefinition? Image => (request.Image ?? config.Settings?.DefaultImage) is { } name
        ? config.Images.FirstOrDefault(image => image.Name == name)
        : config.Images is [var first, ..] ? first : null;

    private TimeSpan Limit() => Rest + (Image is { Timeouts: var waits } ? waits.Boot + waits.Ssh + waits.SourceShutdown + waits.CloudInit + waits.Warm : TimeSpan.Zero);

    private async Task<IReadOnlyList<Finding>> LookAsync(CancellationToken cancellationToken)
    {
        if (!request.Deep)
        {
            return [Checks.GuestStart.Skipped("no VM was started, so the network was not looked at from inside a guest", $"{DriverVersion.Name} doctor --deep")];
        }

        if (Image is not { } image || machine is null)
        {
            return [config.HasImages ? Checks.GuestStart.Skipped("there is no image to start") : Checks.GuestStart.WithoutImages()];
        }

        try
        {
            // The hook is for jobs: it wants their variables. Nor is a running source domain shut down to look at a network.
            var tried = image with { PrepareHook = null, Source = image.Source is ImageSource.Domain domain ? domain with { AllowShutdown = false } : image.Source };
            var generation = ChosenGeneration.For(image, machine.Catalogue).Generation;
            return await new OwnClone(machine).UseAsync(tried, generation, log, clone => AskAsync(image, clone, cancellationToken), cancellationToken);
        }
        catch (DriverException e)
        {
            return [GuestRules.DecideStart(image.Name.Value, e)];
        }
    }

    private async Task<IReadOnlyList<Finding>> AskAsync(ImageDefinition image, StartedClone clone, CancellationToken cancellationToken)
    {
        List<Finding> findings = [GuestRules.DecideStart(image.Name.Value, failure: null)];
        if (image.Shell == GuestShell.Pwsh)
        {
            return [.. findings, Checks.GuestOut.Skipped("guests with PowerShell are not asked yet"), Checks.GuestLoopback.Skipped("guests with PowerShell are not asked yet")];
        }

        findings.Add(await LoopbackAsync(image, clone, cancellationToken));
        ReachTarget?[] targets = request.Reach is { } one ? [one] : [.. runner.Value.Ours.Select(entry => ReachTarget.OfUrl(entry.Url)).Distinct()];
        foreach (var target in targets.OfType<ReachTarget>())
        {
            findings.Add(GuestRules.DecideOut(image.Name.Value, target, GuestRules.Parse(await SayAsync(clone, GuestRules.Text(target), cancellationToken))));
        }

        return targets.OfType<ReachTarget>().Any() ? findings :
        [
            .. findings,
            Checks.GuestOut.Skipped("no server to reach is known: no config.toml names a GitLab", $"{DriverVersion.Name} doctor --deep --reach gitlab.example.com:443"),
        ];
    }

    /// <summary>A listener of ours judges: a connect that seems to succeed may have been answered by another program.</summary>
    private async Task<Finding> LoopbackAsync(ImageDefinition image, StartedClone clone, CancellationToken cancellationToken)
    {
        var isUserMode = image.Network.Mode == NetworkMode.User;
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var answer = GuestRules.Parse(await SayAsync(clone, GuestRules.TextToHost(isUserMode, port), cancellationToken));

        // The kernel has made the connection before the guest could be told of it.
        return GuestRules.DecideLoopback(image.Name.Value, isUserMode, wasReached: listener.Pending(), hasTried: answer is not null, await network.FirewallAsync(cancellationToken));
    }

    private async Task<string> SayAsync(StartedClone clone, string text, CancellationToken cancellationToken) =>
        (await machine!.GuestShell.RunCommandAsync(clone.Access, text, null, cancellationToken)).StandardOutput;
}
