using System.Globalization;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Images;
using VmExecutor.Core.Images.Sources;
using VmExecutor.Host;
using VmExecutor.Host.Files;
using VmExecutor.Host.Images;
using VmExecutor.Host.Images.Registries;

namespace VmExecutor.Publishing;

/// <summary>
/// Makes a new generation of an image and, when its probe has passed, the one that jobs get. Whatever happens before the pointer is swapped,
/// jobs get what they got before; what was half made is removed, at the latest by the next publishing or by gc.
/// </summary>
internal sealed class Publisher(Machine machine)
{
    private readonly Catalogue _catalogue = machine.Catalogue;
    private readonly PublishSource _sources = new(machine);
    private readonly PublishFailures _failures = new(machine.StateDir);

    /// <returns>The new generation; null: nothing has changed since the current one was published.</returns>
    /// <param name="image">The image to publish.</param>
    /// <param name="ifChanged">Only if the source is not what the current generation was made of.</param>
    /// <param name="log">For the administrator.</param>
    /// <param name="cancellationToken">Ends it; what was made is undone.</param>
    /// <exception cref="SystemFailureException">There is no new generation; the message says why.</exception>
    public async Task<Generation?> PublishAsync(ImageDefinition image, bool ifChanged, PublishLog log, CancellationToken cancellationToken)
    {
        using var held = ImageLock.Take(machine.Locks, image.Name);
        OpenedSource? source = null;
        try
        {
            return await PublishAsync(image, ifChanged, log, opened => source = opened, cancellationToken);
        }
        catch (DriverException e)
        {
            Try(() => _failures.Note(image.Name, new PublishFailure(machine.Time.GetUtcNow(), e.Code.ToString(), source?.Digest)), "the next publishing", log);
            throw;
        }
    }

    private async Task<Generation?> PublishAsync(ImageDefinition image, bool ifChanged, PublishLog log, Action<OpenedSource> opened, CancellationToken cancellationToken)
    {
        GenerationRemover.RemoveHalfMade(_catalogue, image.Name);
        if (ifChanged && await _sources.FindRunningAsync(image, cancellationToken) is { } running)
        {
            log.Job.Warn($"image '{image.Name}': its source domain '{running}' is running, so it is left for the next time");
            return null;
        }

        log.Show(new TransferAmount($"looking at the source of image '{image.Name}'", null, null));
        var source = await _sources.OpenAsync(image, log, cancellationToken);
        opened(source);
        if (ifChanged && FindUnchanged(image, source.Fingerprint) is { } known)
        {
            ForgetFailure(image, log);
            TellUnchanged(image, known, log);
            return null;
        }

        var (kind, name) = PublishSource.Describe(image.Source);
        var record = new GenerationRecord
        {
            Image = image.Name.Value,
            Number = _catalogue.NextNumber(image.Name),
            Published = machine.Time.GetUtcNow(),
            Driver = DriverVersion.Text,
            SourceKind = kind,
            Source = name,
            SourceFingerprint = source.Fingerprint,
            SourceDigest = source.Digest,
            InPlace = image.Publish.InPlace,
            Files = [],
        };
        log.Say($"image '{image.Name}': making generation {record.Number} of {kind} '{name}'{(record.InPlace ? ", in place" : "")}");
        source.Notes.ToList().ForEach(log.Job.Warn);
        try
        {
            var fetched = await source.FetchAsync(cancellationToken);
            var xml = fetched.Xml;
            record = record with { Tools = fetched.Pulled?.Artifact?.Tools ?? [] };
            var draft = await machine.GenerationMaker.BeginAsync(image.Name, record, xml, source.IsOurs, log.Progress, cancellationToken);
            await _sources.EnsureUnchangedAsync(image, source, xml, cancellationToken);
            draft = await new ToolBaking(machine).RunAsync(image, draft, log, cancellationToken);
            log.Say($"it takes {Size(draft)} on the disk");
            var whole = await GenerationMaker.SealAsync(draft, log.Progress, cancellationToken);
            log.Say("starting a clone of it to probe it");
            var passed = await new Probe(machine).RunAsync(image, whole, log.Job, cancellationToken);
            PushedHostKeys.EnsureSame(image.Name, fetched.Pulled?.Artifact, passed);
            log.Say(string.Create(CultureInfo.InvariantCulture, $"the probe has passed; booted in {passed.BootSeconds:0.0} s"));
            var made = machine.GenerationMaker.Complete(image.Name, whole with { Record = whole.Record with { Probe = passed } });
            machine.GenerationMaker.MakeCurrent(image.Name, made);
            ForgetFailure(image, log);
            Try(() => RemoveDownload(image), "the next publishing", log);
            Try(() => RegistrySource.Keep(ImagePaths.For(machine.StateDir, image.Name).Blobs, fetched.Pulled, made), "the next publishing", log);
            return made;
        }
        finally
        {
            Try(() => GenerationRemover.RemoveHalfMade(_catalogue, image.Name), $"the next publishing, or with '{DriverVersion.Name} gc'", log);
        }
    }

    private void ForgetFailure(ImageDefinition image, PublishLog log) => Try(() => _failures.Clear(image.Name), "the next publishing", log);

    private static string Size(Generation draft) => string.Create(
        CultureInfo.InvariantCulture,
        $"{draft.Record.Files.Where(file => !file.Path.StartsWith('/')).Sum(file => file.DiskBytes) / (double)(1 << 20):0.0} MiB");

    /// <summary>Removes old parts; a failure to do so changes nothing about the publishing.</summary>
    private static void Try(Action remove, string with, PublishLog log)
    {
        try
        {
            remove();
        }
        catch (SystemFailureException e)
        {
            log.Job.Warn($"{e.Message}. It goes with {with}.");
        }
    }

    /// <summary>It is only kept until then, so that what was interrupted goes on.</summary>
    private void RemoveDownload(ImageDefinition image)
    {
        var download = ImagePaths.For(machine.StateDir, image.Name).Download;
        if (HostDirectory.Exists(download.Value))
        {
            GenerationRemover.Delete(download);
        }
    }

    /// <summary>
    /// The newest generation, if it was made of the source's present state. It need not be the current one: after a rollback from it the
    /// timer must not publish the same again.
    /// </summary>
    private Generation? FindUnchanged(ImageDefinition image, string fingerprint)
    {
        var current = _catalogue.CurrentNumber(image.Name) is { } number ? _catalogue.Find(image.Name, number) : null;
        var newest = _catalogue.Of(image.Name).FirstOrDefault(generation => generation.Record.Probe is not null);
        return current is not null && GenerationFiles.Damage(current).Count == 0
            && newest is not null && IsMadeOf(newest, image, fingerprint) && GenerationFiles.Damage(newest).Count == 0
            ? newest
            : null;
    }

    private bool IsMadeOf(Generation generation, ImageDefinition image, string fingerprint) =>
        generation.Record.SourceFingerprint == fingerprint
        && generation.Record.InPlace == image.Publish.InPlace
        && (generation.Record.InPlace || generation.Record.Tools.SequenceEqual(machine.GuestTools.Describe(image.Tools)));

    private void TellUnchanged(ImageDefinition image, Generation known, PublishLog log)
    {
        var current = _catalogue.CurrentNumber(image.Name);
        log.Say($"image '{image.Name}': unchanged since generation {known.Number}{(known.Number == current
            ? ""
            : $"; jobs get generation {current}, and would get this one by 'vm-executor image rollback {image.Name} --to {known.Number}'")}");
    }
}
