using VmExecutor.Core.Failures;
using VmExecutor.Core.Images;
using VmExecutor.Core.Images.Sources;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using VmExecutor.Host.Images.Sources;
using VmExecutor.Host.Processes;

namespace VmExecutor.Host.Images.Registries;

/// <summary><c>image push</c>: packs a generation as an OCI artifact and lets skopeo copy it. What an earlier push of the image has put into the same repository is named again and not packed.</summary>
public sealed class GenerationPush
{
    private const int MostAsked = 3;
    private readonly Skopeo _skopeo;
    private readonly Zstandard _zstandard;
    private readonly AbsolutePath _work;
    private readonly TimeProvider _clock;
    private readonly Action<string> _tell;

    /// <param name="variables">The environment of the user who pushes.</param>
    /// <param name="work">Made, and removed at the end.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="tell">Gets a line now and then.</param>
    public GenerationPush(IReadOnlyDictionary<string, string> variables, AbsolutePath work, TimeProvider clock, Action<string> tell)
    {
        var environment = new ToolEnvironment(variables);
        (_skopeo, _zstandard) = (new Skopeo(new ToolRunner(environment.With(variables, Skopeo.Variables), clock), clock), new Zstandard(environment, clock));
        (_work, _clock, _tell) = (work, clock, tell);
    }

    /// <summary>Told how much of the generation has been sent, or was there.</summary>
    public Action<TransferAmount> Show { get; init; } = _ => { };

    /// <summary>The room that must stay free on the disk of the state directory.</summary>
    public ByteSize KeepFree { get; init; } = ByteSize.FromMebibytes(64);

    /// <returns>The digest of the manifest.</returns>
    /// <param name="generation">The generation; its image is locked.</param>
    /// <param name="all">The image's generations on this host; none: nothing is named again.</param>
    /// <param name="reference">By tag.</param>
    /// <param name="authFile">The logins; null: skopeo's own.</param>
    /// <param name="cancellationToken">Ends it; the tag stays what it was.</param>
    /// <exception cref="SystemFailureException">The generation cannot be pushed, or the registry does not take it.</exception>
    public async Task<string> RunAsync(Generation generation, IReadOnlyList<Generation> all, OciReference reference, AbsolutePath? authFile, CancellationToken cancellationToken)
    {
        EnsurePushable(generation);
        Skopeo.EnsureLogins(authFile, reference, "pushed");
        try
        {
            var earlier = await FindEarlierAsync(generation, all, reference, authFile, cancellationToken).ConfigureAwait(false);
            return (earlier is null ? null : await PushAsync(generation, earlier, reference, authFile, cancellationToken).ConfigureAwait(false))
                ?? await PushAsync(generation, null, reference, authFile, cancellationToken).ConfigureAwait(false)
                ?? throw new SystemFailureException(ErrorCodes.RegistryFailed, $"{reference} could not be pushed: the registry has lost blobs that were just sent", "Ask the registry's administrator, and push again.");
        }
        finally
        {
            Clear();
        }
    }

    private static void EnsurePushable(Generation generation)
    {
        var (record, damage) = (generation.Record, GenerationFiles.Damage(generation));
        if (record.InPlace || record.Probe is null || damage.Count > 0)
        {
            throw new SystemFailureException(
                record.InPlace ? ErrorCodes.OciImageUnusable : ErrorCodes.GenerationDamaged,
                $"generation {record.Number} of image '{record.Image}' cannot be pushed: {(record.InPlace ? "it was published in place, so its disks are not its own" : record.Probe is null ? "it has not passed a probe" : string.Join("; ", damage))}",
                record.InPlace ? "Publish it without 'publish: {in_place: true}'." : "Publish the image again, or push another generation.");
        }
    }

    /// <summary>The nearest generation that was pushed to this repository, or pulled from it, and is still there: a registry keeps the blobs of a manifest that it has.</summary>
    private async Task<KeptArtifact?> FindEarlierAsync(Generation generation, IReadOnlyList<Generation> all, OciReference reference, AbsolutePath? authFile, CancellationToken cancellationToken)
    {
        foreach (var kept in all.OrderBy(one => Math.Abs(one.Number - generation.Number)).Select(KeptArtifact.TryRead).OfType<KeptArtifact>().Take(MostAsked))
        {
            try
            {
                await AttemptAsync(reference, token => _skopeo.ManifestAsync(reference.At(kept.Digest), authFile, token), cancellationToken).ConfigureAwait(false);
                return kept;
            }
            catch (SystemFailureException e) when (e.InnerException is not DownloadInterruptedException)
            {
                // It is not there, or this login may not read: all is packed then.
            }
        }

        return null;
    }

    /// <returns>The digest; null: it cannot be made of the earlier generation's chunks, or the registry has lost some.</returns>
    private async Task<string?> PushAsync(Generation generation, KeptArtifact? earlier, OciReference reference, AbsolutePath? authFile, CancellationToken cancellationToken)
    {
        Clear();
        var layout = new BlobDirectory(_work);
        layout.Begin();
        if (await new GenerationPacker(layout, layout.Room(KeepFree, $"pushing {reference}"), _zstandard, _clock, _tell).PackAsync(generation, earlier, cancellationToken).ConfigureAwait(false) is not { } manifest)
        {
            _tell($"it differs from generation {earlier!.Generation.Number} in too many places: packing all of it");
            return null;
        }

        layout.Complete(manifest);
        _tell($"pushing it to {reference}; blobs that are there are not sent");
        var isWhole = false;
        await AttemptAsync(
            reference,
            async token => isWhole = await _skopeo.PushAsync(layout, reference, authFile, new PushProgress(layout, $"pushing to {reference}", Show).Hear, token).ConfigureAwait(false),
            cancellationToken).ConfigureAwait(false);
        if (!isWhole)
        {
            _tell(earlier is null ? "the registry has lost blobs" : $"the registry has lost blobs of generation {earlier.Generation.Number}: packing all of it");
            return null;
        }

        Keep(generation, layout);
        return manifest.Digest;
    }

    private void Keep(Generation generation, BlobDirectory layout)
    {
        try
        {
            KeptArtifact.Write(generation, layout);
        }
        catch (SystemFailureException e)
        {
            _tell($"{e.Message}; the next generation's push will pack all of it");
        }
    }

    private Task AttemptAsync(OciReference reference, Func<CancellationToken, Task> attempt, CancellationToken cancellationToken) => new DownloadAttempts(_clock).RunAsync(
        $"{reference} could not be pushed",
        ErrorCodes.RegistryFailed,
        "See whether the registry is up and reachable from this host, then push again: blobs that have arrived are not sent again.",
        attempt,
        _tell,
        cancellationToken);

    private void Clear()
    {
        if (HostDirectory.Exists(_work.Value))
        {
            GenerationRemover.Delete(_work);
        }
    }
}
