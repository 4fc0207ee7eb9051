using VmExecutor.Commands;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Host.Images;
using VmExecutor.Publishing;
using VmExecutor.Reports;

namespace VmExecutor;

/// <summary>What the commands of <c>image</c> do, each from the configuration to its end.</summary>
internal sealed class ImageTasks(Composition composition, string? configOption)
{
    /// <summary>Publishes an image, and removes the generations that are too many then.</summary>
    public async Task PublishAsync(ImageDefinition image, bool ifChanged, CancellationToken cancellationToken)
    {
        var settings = composition.Load(configOption).Settings;
        using var leftovers = composition.Leftovers(settings);
        var images = Parts(settings, leftovers);
        var log = new PublishLog(new JobLog(composition.Output, composition.Said), composition.Time);
        if (await composition.Report.AroundAsync("publish", image.Name, log.Job, () => images.Publisher().PublishAsync(image, ifChanged, log, cancellationToken)) is { } made)
        {
            log.Say($"image '{image.Name}': jobs get generation {made.Number} now");
            Prune(images.Keeper, image, log);
        }
    }

    /// <summary>Makes the templates of an image's current generation, one for each size.</summary>
    /// <param name="image">Whose.</param>
    /// <param name="ifNeeded">Only those that are missing or not usable any more.</param>
    /// <param name="cancellationToken">Ends it; what was made is undone.</param>
    /// <exception cref="SystemFailureException"><see cref="ErrorCodes.WarmNotEnabled"/>, <see cref="ErrorCodes.TemplateImpossible"/>, <see cref="ErrorCodes.TemplateNotMade"/>.</exception>
    public async Task WarmAsync(ImageDefinition image, bool ifNeeded, CancellationToken cancellationToken)
    {
        var settings = composition.Load(configOption).Settings;
        using var leftovers = composition.Leftovers(settings);
        var log = new PublishLog(new JobLog(composition.Output, composition.Said), composition.Time);
        await composition.Report.AroundAsync("warm", image.Name, log.Job, () => Parts(settings, leftovers).Templates().RunAsync(image, ifNeeded, log, cancellationToken));
    }

    public IReadOnlyList<ListedImage> List()
    {
        var settings = composition.Load(configOption).Settings;
        return new ImageLister(settings, new Catalogue(settings.StateDir)).List();
    }

    /// <summary>The same, with how their VMs came up, and what runs VMs here if there are templates that it is to be compared with.</summary>
    public async Task<IReadOnlyList<ListedImage>> DescribeAsync(CancellationToken cancellationToken)
    {
        var settings = composition.Load(configOption).Settings;
        using var leftovers = composition.Leftovers(settings);
        var inquiry = new ImageInquiry(
            settings.StateDir, new ImageLister(settings, new Catalogue(settings.StateDir)), leftovers.Hypervisors.At(leftovers.Hypervisors.Configured), composition.Time);
        return await inquiry.AskAsync(cancellationToken);
    }

    public T WithKeeper<T>(Func<ImageKeeper, T> work)
    {
        var settings = composition.LoadWithoutImages(configOption);
        using var leftovers = composition.Leftovers(settings);
        return work(Parts(settings, leftovers).Keeper);
    }

    /// <summary>What could not be removed is no reason to call what was published a failure.</summary>
    private void Prune(ImageKeeper keeper, ImageDefinition image, PublishLog log)
    {
        try
        {
            var (removed, _) = keeper.Prune(image.Name, image.Publish.Keep);
            if (removed.Count > 0)
            {
                ImageCommand.Say(composition, image.Name, removed, []);
            }
        }
        catch (SystemFailureException e)
        {
            log.Job.Warn($"old generations were not removed: {e.Message}. They go with 'vm-executor image prune'.");
        }
    }

    private ImageComposition Parts(Settings settings, LeftoverComposition leftovers) => new(
        settings,
        leftovers,
        composition.CloneStart(settings, leftovers),
        composition.GuestShell(),
        composition.Tools(),
        composition.Variables,
        composition.Time);
}
