using VmExecutor.Commands;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Images;
using VmExecutor.Host;
using VmExecutor.Host.Images;
using VmExecutor.Observing;
using VmExecutor.Publishing;
using VmExecutor.Reports;
using VmExecutor.StandingBy;
using VmExecutor.Warming;

namespace VmExecutor;

/// <summary>The work of the commands of <c>image</c>, each from the configuration to its end.</summary>
internal sealed class ImageTasks(Invocation invocation, string? configOption)
{
    /// <summary>Publishes an image, and removes the generations that are too many then.</summary>
    public async Task PublishAsync(ImageDefinition image, bool ifChanged, CancellationToken cancellationToken)
    {
        using var machine = invocation.Machine(configOption);
        var log = new PublishLog(new JobLog(invocation.Output, invocation.Said), invocation.Time, invocation.Show);
        if (await invocation.Report.AroundAsync("publish", image.Name, log.Job, () => PublishAsync(machine, image, ifChanged, log, cancellationToken)) is { } made)
        {
            log.Say($"image '{image.Name}': jobs get generation {made.Number} now");
            Prune(machine.ImageKeeper, image, log);

            // A template comes first: clones wake up from it sooner than they boot.
            if (!image.Warm.Enabled)
            {
                await new StandbyRefill(machine).BeginAsync(image);
            }
        }
    }

    /// <summary>The metrics have the outcome at once: on a host that failed, no job may come for long.</summary>
    private static async Task<Generation?> PublishAsync(Machine machine, ImageDefinition image, bool ifChanged, PublishLog log, CancellationToken cancellationToken)
    {
        try
        {
            return await new Publisher(machine).PublishAsync(image, ifChanged, log, cancellationToken);
        }
        finally
        {
            await new MetricsFile(machine).RefreshAsync(log.Job, cancellationToken);
        }
    }

    /// <summary>Makes the templates of an image's current generation, one for each size.</summary>
    /// <param name="image">The image.</param>
    /// <param name="ifNeeded">Only those that are missing or not usable any more.</param>
    /// <param name="cancellationToken">Ends it; what was made is undone.</param>
    /// <exception cref="SystemFailureException"><see cref="ErrorCodes.WarmNotEnabled"/>, <see cref="ErrorCodes.TemplateImpossible"/>, <see cref="ErrorCodes.TemplateNotMade"/>.</exception>
    public async Task WarmAsync(ImageDefinition image, bool ifNeeded, CancellationToken cancellationToken)
    {
        using var machine = invocation.Machine(configOption);
        var log = new PublishLog(new JobLog(invocation.Output, invocation.Said), invocation.Time, invocation.Show);
        await invocation.Report.AroundAsync("warm", image.Name, log.Job, () => new TemplateMaking(machine).RunAsync(image, ifNeeded, log, cancellationToken));
        await new StandbyRefill(machine).BeginAsync(image);
    }

    public IReadOnlyList<ListedImage> List()
    {
        var settings = invocation.Load(configOption).Settings;
        return new ImageLister(settings, new Catalogue(settings.StateDir)).List();
    }

    /// <summary>
    /// The same, with the starts of their VMs, and the versions of libvirt and QEMU if there are templates to compare with them.
    /// </summary>
    public async Task<IReadOnlyList<ListedImage>> DescribeAsync(CancellationToken cancellationToken)
    {
        using var machine = invocation.Machine(configOption);
        return await new ImageInquiry(machine).AskAsync(cancellationToken);
    }

    public T WithKeeper<T>(Func<ImageKeeper, T> work)
    {
        using var machine = invocation.MachineWithoutImages(configOption);
        return work(machine.ImageKeeper);
    }

    /// <summary>Removes old generations; a failure to do so does not make the publishing fail.</summary>
    private void Prune(ImageKeeper keeper, ImageDefinition image, PublishLog log)
    {
        try
        {
            var (removed, _) = keeper.Prune(image.Name, image.Publish.Keep);
            if (removed.Count > 0)
            {
                ImageCommand.Say(invocation, image.Name, removed, []);
            }
        }
        catch (SystemFailureException e)
        {
            log.Job.Warn($"old generations were not removed: {e.Message}. They go with 'vm-executor image prune'.");
        }
    }
}
