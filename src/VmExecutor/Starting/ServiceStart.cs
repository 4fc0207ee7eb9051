using System.Globalization;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Guests.Preparation;
using VmExecutor.Core.Services;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using VmExecutor.Host.Guests;
using VmExecutor.Observing;

namespace VmExecutor.Starting;

/// <summary>
/// Starts the services of a job as containers in its guest, side by side, and waits until they answer. A service that does not answer in time fails nothing: the job
/// log has a warning with its last lines, as with the docker executor.
/// </summary>
/// <param name="guestShell">Runs commands in guests.</param>
/// <param name="vmOf">The image whose clone is the service of a name; null: it is a container.</param>
/// <param name="time">The clock.</param>
internal sealed class ServiceStart(IGuestShell guestShell, Func<string, ImageDefinition?> vmOf, TimeProvider time)
{
    private const int MostNames = 5;
    private const int LongestReason = 600;
    private const int LongestLoginFile = 1 << 20;

    /// <param name="job">The job's services.</param>
    /// <param name="image">The image of the VM.</param>
    /// <param name="access">The guest.</param>
    /// <param name="watch">Throws when the domain dies.</param>
    /// <param name="log">Told each service's fate.</param>
    /// <param name="cancellationToken">Ends the wait; what was started goes with the VM.</param>
    /// <exception cref="BuildFailureException">The job names what cannot be, or what its registry does not give.</exception>
    /// <exception cref="SystemFailureException">The guest has no engine that works, or it took too long.</exception>
    /// <returns>For later stages; null: none were started.</returns>
    public async Task<ServicesRecord?> RunAsync(JobServices job, ImageDefinition image, GuestAccess access, Func<CancellationToken, Task> watch, JobLog log, CancellationToken cancellationToken)
    {
        var settings = image.Services;
        var plan = ServicePlan.Of(job, image, LoginsOf(settings), vmOf).Containers;
        log.Say($"Starting {(plan.Services.Count == 1 ? "service" : $"{plan.Services.Count} services")}: {Names([.. plan.Services.Select(service => service.ToString())])}");
        var facts = new ServiceFacts(plan.Services.Count);
        var began = time.GetTimestamp();
        var answer = await AskAsync(ServiceScript.For(plan, settings), facts, image, access, watch, line => Tell(line, plan, facts, log, time.GetElapsedTime(began)), cancellationToken);
        if (facts.HasNoEngine && settings.Engine == ServiceEngine.Auto)
        {
            log.Warn($"no services are started here ({Names([.. plan.Services.Select(one => one.Wanted.Image)])}): the guest has neither podman nor docker. Start what the job needs in its script; it has a machine of its own");
            return null;
        }

        if (!facts.IsDone)
        {
            throw NoEngine(facts, image, access, answer);
        }

        Judge(plan, facts, log);
        return ServicesRecord.Of(plan, facts.Engine ?? "", job.ShowLogs);
    }

    /// <summary>Fetches the images that the administrator wants in a template, and starts nothing.</summary>
    /// <exception cref="SystemFailureException">One could not be fetched, or the guest has no engine that works.</exception>
    public async Task PreloadAsync(ImageDefinition image, GuestAccess access, CancellationToken cancellationToken)
    {
        var plan = ServicePlan.Preload(image, LoginsOf(image.Services));
        var facts = new ServiceFacts(plan.Services.Count);
        var answer = await AskAsync(
            ServiceScript.For(plan, image.Services), facts, image, access, token => Task.Delay(Timeout.InfiniteTimeSpan, token), line => facts.Take(line), cancellationToken);
        if (!facts.IsDone)
        {
            throw NoEngine(facts, image, access, answer);
        }

        if (plan.Services.Zip(facts.States).FirstOrDefault(pair => pair.Second.Event != ServiceEvent.Up) is ({ } missing, var state))
        {
            throw new SystemFailureException(
                ErrorCodes.ServiceNotPulled,
                $"the image '{missing.Wanted.Image}' could not be fetched as {missing.Reference} into the template of image '{image.Name}': {PlainText.OneLine(state.Text, LongestReason)}",
                $"Correct 'services: preload' in {image.File}, or give 'services: auth_file' a login for its registry.");
        }
    }

    /// <summary>Some names, on one line.</summary>
    public static string Names(IReadOnlyList<string> names) =>
        string.Join(", ", names.Take(MostNames).Select(name => PlainText.OneLine(name, 80))) + (names.Count > MostNames ? ", …" : "");

    private static RegistryLogins LoginsOf(ServiceSettings settings)
    {
        if (settings.AuthFile is not { } file)
        {
            return RegistryLogins.None;
        }

        try
        {
            return RegistryLogins.TryParse(HostFile.ReadAllText(file.Value, LongestLoginFile)) ?? throw Unusable("it is no JSON document with 'auths', as 'docker login' writes it", null);
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw Unusable(HostFileException.ReasonOf(e), e);
        }

        SystemFailureException Unusable(string reason, Exception? inner) => new(
            ErrorCodes.ServiceEngineUnusable, $"the logins for registries in {file} cannot be read: {reason}", "Correct the file, or 'services: auth_file' in the image's YAML.", inner);
    }

    private async Task<GuestCommandResult> AskAsync(
        string text, ServiceFacts facts, ImageDefinition image, GuestAccess access, Func<CancellationToken, Task> watch, Action<string> tell, CancellationToken cancellationToken)
    {
        var limit = image.Services.Timeout;
        using var over = new CancellationTokenSource(limit, time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, over.Token);
        try
        {
            return await GuestLife.OrDeathAsync(
                guestShell.ConverseAsync(
                    access,
                    IdentityScript.RootShell(access.User),
                    text,
                    line =>
                    {
                        tell(line);
                        return null;
                    },
                    stop.Token),
                watch(stop.Token));
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new SystemFailureException(
                ErrorCodes.ServicesTimedOut,
                $"the services of the job were not started within {DurationText.Format(limit)} in the guest {access} ({Count(facts, ServiceEvent.None)} of {facts.States.Count} had not begun)",
                $"Raise 'services: timeout' in {image.File}, or let the guest fetch their images faster: a registry nearby.");
        }
        finally
        {
            await stop.CancelAsync();
        }
    }

    private static void Tell(string line, ServicePlan plan, ServiceFacts facts, JobLog log, TimeSpan after)
    {
        if (facts.Take(line) is { } number && facts.States[number] is { Event: ServiceEvent.Up } state)
        {
            var port = int.TryParse(state.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var open) ? $", port {open}" : ", which exposes no port to wait for";
            log.Say(string.Create(CultureInfo.InvariantCulture, $"Service {plan.Services[number]} is up after {after.TotalSeconds:0.0} s, by {facts.Engine}{port}"));
        }
    }

    private static void Judge(ServicePlan plan, ServiceFacts facts, JobLog log)
    {
        foreach (var (service, state) in plan.Services.Zip(facts.States))
        {
            var reason = PlainText.OneLine(state.Text, LongestReason);
            switch (state.Event)
            {
                case ServiceEvent.NotPulled:
                    throw new BuildFailureException(
                        ErrorCodes.ServiceNotPulled,
                        $"the image of service {service} could not be fetched as {service.Reference}: {reason}",
                        "See whether the name in .gitlab-ci.yml is right, and whether the job may read it: DOCKER_AUTH_CONFIG, or 'services: auth_file' of the runner's administrator.");
                case ServiceEvent.NotStarted:
                    throw new BuildFailureException(
                        ErrorCodes.ServiceNotStarted,
                        $"the container of service {service} could not be started by {facts.Engine}: {reason}",
                        "See 'entrypoint' and 'command' of the service in .gitlab-ci.yml.");
                case ServiceEvent.Down or ServiceEvent.None or ServiceEvent.Started:
                    var said = string.Concat(state.Lines.Select(line => $"\n  {PlainText.OneLine(line, LongestReason)}"));
                    log.Warn($"service {service} probably did not start properly: {(state.Event == ServiceEvent.Down ? reason : "nothing is known of it")}{(said.Length == 0 ? ". It has said nothing" : $". Its last lines:{said}")}");
                    break;
            }
        }
    }

    private static SystemFailureException NoEngine(ServiceFacts facts, ImageDefinition image, GuestAccess access, GuestCommandResult answer)
    {
        var evidence = PlainText.OneLine(facts.EngineFailure ?? answer.StandardError.Trim(), LongestReason);
        return facts.HasNoEngine ? new(
                ErrorCodes.ServiceEngineUnusable,
                $"services cannot be started: the guest {access} has {(image.Services.Engine == ServiceEngine.Auto ? "neither podman nor docker" : $"no {image.Services.Engine.ToString().ToLowerInvariant()}")}",
                $"Install it in image '{image.Name}', or write 'services: {{engine: off}}' in {image.File}.")
            : facts.Engine is { } engine ? new(
                ErrorCodes.ServiceEngineUnusable,
                $"services cannot be started: {engine} does not work in the guest {access}{(evidence.Length == 0 ? "" : $": {evidence}")}",
                $"Try it in the guest as root ('{engine} run'), or write 'services: {{engine: off}}' in {image.File}.")
            : new(
                ErrorCodes.ServiceEngineUnusable,
                $"services cannot be started: ssh.user '{access.User}' may not become root in the guest {access}{(evidence.Length == 0 ? "" : $": {evidence}")}",
                $"Give '{access.User}' sudo without a password and without a terminal in the image, or write 'services: {{engine: off}}' in {image.File}.");
    }

    private static int Count(ServiceFacts facts, ServiceEvent what) => facts.States.Count(state => state.Event == what);
}
