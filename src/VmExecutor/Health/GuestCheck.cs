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

/// <summary><c>doctor --deep</c>: starts a VM as a job would get it, and looks at the network from inside.</summary>
internal sealed class GuestCheck(DoctorRequest request, SettingsLook settings, RunnerLook runner, FirewallLook firewall, Machine? machine, JobLog log)
{
    /// <summary>For what is not the guest's: capacity, disks, the questions, the removal.</summary>
    private static readonly TimeSpan Rest = TimeSpan.FromMinutes(3);

    public HealthCheck One => new(Checks.GuestStart, Limit(), LookAsync);

    /// <summary>The named one, else that of jobs that name none, else the first; null: there is no such image.</summary>
    private ImageDefinition? Image => (request.Image ?? settings.Settings?.DefaultImage) is { } name
        ? settings.Images.FirstOrDefault(image => image.Name == name)
        : settings.Images is [var first, ..] ? first : null;

    private TimeSpan Limit() => Rest + (Image is { Timeouts: var waits } ? waits.Boot + waits.Ssh + waits.SourceShutdown + waits.CloudInit + waits.Warm : TimeSpan.Zero);

    private async Task<IReadOnlyList<Finding>> LookAsync(CancellationToken cancellationToken)
    {
        if (!request.Deep)
        {
            return [Checks.GuestStart.Skipped("no VM was started, so nobody has looked at the network from inside a guest", $"{DriverVersion.Name} doctor --deep")];
        }

        if (Image is not { } image || machine is null)
        {
            return [Checks.GuestStart.Skipped(settings.HasImages ? "there is no image to start" : "the images are not known: see 'config'")];
        }

        try
        {
            // The hook is for jobs: it wants their variables. Nor is somebody's running domain shut down to look at a network.
            var tried = image with { PrepareHook = null, Source = image.Source is ImageSource.Domain domain ? domain with { AllowShutdown = false } : image.Source };
            var generation = ChosenGeneration.For(image, machine.Catalogue).Generation;
            return await new OwnClone(machine).UseAsync(tried, generation, log, clone => AskAsync(image, clone, cancellationToken), cancellationToken);
        }
        catch (DriverException e)
        {
            return [Checks.GuestStart.Problem($"a clone of image '{image.Name}' could not be used: {e.Message} ({e.Code})", e.Hint)];
        }
    }

    private async Task<IReadOnlyList<Finding>> AskAsync(ImageDefinition image, StartedClone clone, CancellationToken cancellationToken)
    {
        List<Finding> findings = [Checks.GuestStart.Ok($"a clone of image '{image.Name}' was started, runs commands, and is removed again")];
        if (image.Shell == GuestShell.Pwsh)
        {
            return [.. findings, Checks.GuestOut.Skipped("guests with PowerShell are not asked yet"), Checks.GuestLoopback.Skipped("guests with PowerShell are not asked yet")];
        }

        findings.Add(await LoopbackAsync(image, clone, cancellationToken));
        ReachTarget?[] targets = request.Reach is { } one ? [one] : [.. runner.Config.Ours.Select(entry => ReachTarget.OfUrl(entry.Url)).Distinct()];
        foreach (var target in targets.OfType<ReachTarget>())
        {
            findings.Add(GuestReach.DecideOut(image.Name.Value, target, GuestReach.Parse(await SayAsync(clone, GuestReach.Text(target), cancellationToken))));
        }

        return targets.OfType<ReachTarget>().Any() ? findings :
        [
            .. findings,
            Checks.GuestOut.Skipped("nothing says where a guest should get to: no config.toml names a GitLab", $"{DriverVersion.Name} doctor --deep --reach gitlab.example.com:443"),
        ];
    }

    /// <summary>A listener of ours judges: a connect that seems to succeed may have been answered by anybody.</summary>
    private async Task<Finding> LoopbackAsync(ImageDefinition image, StartedClone clone, CancellationToken cancellationToken)
    {
        var isUserMode = image.Network.Mode == NetworkMode.User;
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var answer = GuestReach.Parse(await SayAsync(clone, GuestReach.TextToHost(isUserMode, port), cancellationToken));

        // The kernel has made the connection before the guest could be told of it.
        return GuestReach.DecideLoopback(image.Name.Value, isUserMode, wasReached: listener.Pending(), hasTried: answer is not null, await firewall.TakeAsync(cancellationToken));
    }

    private async Task<string> SayAsync(StartedClone clone, string text, CancellationToken cancellationToken) =>
        (await machine!.GuestShell.RunCommandAsync(clone.Access, text, null, cancellationToken)).StandardOutput;
}
