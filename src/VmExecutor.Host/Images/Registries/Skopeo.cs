using VmExecutor.Core.Failures;
using VmExecutor.Core.Images.Registries;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using VmExecutor.Host.Images.Sources;
using VmExecutor.Host.Processes;

namespace VmExecutor.Host.Images.Registries;

/// <summary>
/// Runs skopeo. Registries, mirrors, certificates and signatures are its own files' affair (containers-registries.conf(5), containers-policy.json(5)); logins are in files, never in
/// arguments.
/// </summary>
/// <param name="tools">Runs it with the variables of <see cref="Variables"/>.</param>
/// <param name="clock">The clock.</param>
internal sealed class Skopeo(IToolRunner tools, TimeProvider clock)
{
    /// <summary>The variables of the driver's own environment that it gets, too: proxies, certificates, logins, and other files of its configuration.</summary>
    public static readonly string[] Variables =
    [
        "http_proxy", "https_proxy", "no_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY",
        "SSL_CERT_FILE", "SSL_CERT_DIR", "REGISTRY_AUTH_FILE", "DOCKER_CONFIG", "CONTAINERS_REGISTRIES_CONF",
    ];

    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestSilence = TimeSpan.FromMinutes(5);
    private const int LeastMoved = 1 << 10; // a program that waits moves some bytes, too
    private static readonly TimeSpan Forever = TimeSpan.FromDays(30);

    /// <summary>The text of a manifest or index, which is small.</summary>
    /// <exception cref="DownloadInterruptedException">The registry cannot be reached.</exception>
    /// <exception cref="SystemFailureException">The registry does not give it.</exception>
    public async Task<string> ManifestAsync(OciReference reference, AbsolutePath? authFile, CancellationToken cancellationToken)
    {
        try
        {
            var result = await tools.RunAsync(new ToolCall("skopeo", ["inspect", "--raw", .. Login(authFile, reference, "pulled"), reference.ForSkopeo]), cancellationToken).ConfigureAwait(false);
            return result.ExitCode == 0 ? result.StandardOutput : throw Failure(reference, result, "pulled");
        }
        catch (ToolTimedOutException e)
        {
            throw new DownloadInterruptedException($"the registry of {reference} does not answer", null, e);
        }
    }

    /// <summary>Copies an image by its digest into a layout; blobs that are there are not fetched.</summary>
    /// <param name="reference">By digest.</param>
    /// <param name="isDocker">Its manifest must be written anew, since an OCI layout takes none of Docker's.</param>
    /// <param name="authFile">The logins; null: skopeo's own.</param>
    /// <param name="target">The layout.</param>
    /// <param name="longest">More than that must never lie in the layout.</param>
    /// <param name="progress">Told the length of all that has come.</param>
    /// <param name="cancellationToken">Ends it; whole blobs stay.</param>
    public async Task PullAsync(OciReference reference, bool isDocker, AbsolutePath? authFile, BlobDirectory target, long longest, TransferProgress progress, CancellationToken cancellationToken)
    {
        // Signatures are looked at by the policy, and not copied: a layout has no place for them.
        string[] exact = isDocker ? ["--remove-signatures"] : ["--remove-signatures", "--preserve-digests"];
        var call = new ToolCall("skopeo", ["copy", .. exact, .. Login(authFile, reference, "pulled"), reference.ForSkopeo, target.ForSkopeo]) { Timeout = Forever };
        var result = await RunWatchedAsync(call, $"nothing came from the registry of {reference}", Look, cancellationToken).ConfigureAwait(false);
        if (result.ExitCode != 0)
        {
            throw Failure(reference, result, "pulled");
        }

        long? Look()
        {
            var now = target.Length();
            progress.Report(now);
            return now <= longest ? now : throw new SystemFailureException(
                ErrorCodes.OciImageUnusable, $"the registry sends more of {reference} than its manifest says, so it was not taken", "Ask the registry's administrator.");
        }
    }

    /// <summary>Copies a layout into a registry; blobs that are there are not sent, and need not be in the layout.</summary>
    /// <param name="source">The layout.</param>
    /// <param name="reference">By tag.</param>
    /// <param name="authFile">The logins; null: skopeo's own.</param>
    /// <param name="heard">Told what skopeo says, piece by piece: a line for each blob that it begins with.</param>
    /// <param name="cancellationToken">Ends it; whole blobs stay in the registry.</param>
    /// <returns>False: a blob is in neither of them.</returns>
    public async Task<bool> PushAsync(BlobDirectory source, OciReference reference, AbsolutePath? authFile, Action<ReadOnlyMemory<byte>> heard, CancellationToken cancellationToken)
    {
        // The host's policy is for what is pulled; this layout was made here a moment ago.
        int? process = null;
        var call = new ToolCall("skopeo", ["--insecure-policy", "copy", "--preserve-digests", .. Login(authFile, reference, "pushed"), source.ForSkopeo, reference.ForSkopeo]) { Timeout = Forever, Heard = heard, Started = id => process = id };
        var result = await RunWatchedAsync(call, $"nothing could be sent to the registry of {reference}", () => process is { } id ? ProcessTraffic.Read(id) : null, cancellationToken).ConfigureAwait(false);
        return result.ExitCode == 0
            || (SkopeoWords.Of(result.StandardError) == SkopeoFault.BlobMissing ? false : throw Failure(reference, result, "pushed"));
    }

    /// <summary>skopeo itself takes a file that is missing for one without logins.</summary>
    /// <param name="authFile">The logins; null: skopeo's own.</param>
    /// <param name="reference">For the message.</param>
    /// <param name="verb">What is to be done with it: <c>pulled</c>.</param>
    /// <exception cref="SystemFailureException">The file is not there.</exception>
    public static void EnsureLogins(AbsolutePath? authFile, OciReference reference, string verb)
    {
        if (authFile is not null && HostFile.Look(authFile.Value) == Presence.Missing)
        {
            throw Failed(
                $"{reference} cannot be {verb}: the file with the logins of registries, {authFile}, is not there",
                $"Make it: skopeo login --authfile {authFile} {HostOf(reference)}; or correct its name: 'auth_file' in the image's YAML, '--auth-file' of push.");
        }
    }

    /// <summary>Runs it until it ends, or nothing has moved for too long: skopeo itself waits for a silent registry without end.</summary>
    /// <param name="call">The call.</param>
    /// <param name="silence">For the message.</param>
    /// <param name="look">How much has moved so far, in bytes; null: not known. What it throws ends the run.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="DownloadInterruptedException">Nothing moves any more.</exception>
    private async Task<ToolResult> RunWatchedAsync(ToolCall call, string silence, Func<long?> look, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var run = tools.RunAsync(call, stop.Token);
        try
        {
            var (seen, since) = (-(long)LeastMoved, clock.GetTimestamp());
            while (await Task.WhenAny(run, Task.Delay(Poll, clock, cancellationToken)).ConfigureAwait(false) != run)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var now = look();
                if (now is null || Math.Abs(now.Value - seen) >= LeastMoved)
                {
                    (seen, since) = (now ?? seen, clock.GetTimestamp());
                }
                else if (clock.GetElapsedTime(since) > LongestSilence)
                {
                    throw new DownloadInterruptedException($"{silence} for {DurationText.Format(LongestSilence)}");
                }
            }
        }
        catch
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await ((Task)run).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }

        return await run.ConfigureAwait(false);
    }

    private static string[] Login(AbsolutePath? authFile, OciReference reference, string verb)
    {
        EnsureLogins(authFile, reference, verb);
        return authFile is null ? [] : ["--authfile", authFile.Value];
    }

    private static string HostOf(OciReference reference) => reference.Repository[..^(reference.Name.Length + 1)];

    private static Exception Failure(OciReference reference, ToolResult result, string verb)
    {
        var words = SkopeoWords.Last(result.StandardError);
        return SkopeoWords.Of(result.StandardError) switch
        {
            SkopeoFault.Unreachable => new DownloadInterruptedException($"the registry of {reference} cannot be reached: {words}"),
            SkopeoFault.NotFound => Failed($"{reference} is not in the registry: {words}", $"See which tags there are: skopeo list-tags docker://{reference.Repository}"),
            SkopeoFault.Unauthorized => Failed(
                $"{reference} cannot be {verb} with this login: {words}",
                $"Log in as an administrator: skopeo login --authfile FILE {HostOf(reference)}; and name the file in the image's YAML: 'auth_file: FILE'."),
            SkopeoFault.Rejected => Failed(
                $"{reference} is refused by this host's policy of signatures: {words}",
                "Sign it with the key that the policy names, or correct the policy: /etc/containers/policy.json (containers-policy.json(5)). Do not use the image otherwise."),
            SkopeoFault.DigestWrong => new SystemFailureException(
                ErrorCodes.ImageChecksumWrong, $"the registry sends something else for {reference} than it says: {words}", "A blob in the registry is cut off or was changed: push the image again."),
            SkopeoFault.BlobMissing => Failed($"the registry has {reference} and has lost a part of it: {words}", "Push the image again, or ask the registry's administrator."),
            SkopeoFault.ManifestTooLarge => new SystemFailureException(
                ErrorCodes.OciImageUnusable, $"{reference} cannot be used as an image: its manifest is too large ({words})", "Take annotations out of it, or make the image of fewer layers, and push it again."),
            SkopeoFault.HostFull => new SystemFailureException(
                ErrorCodes.HostFileFailed, $"{reference} cannot be {verb}: this host's disk is full ({words})", "Make room: vm-executor image prune, vm-executor gc; then do it again: what has come is kept."),
            SkopeoFault.CertificateExpired => Failed(
                $"the registry of {reference} has a certificate that is not valid at this host's time: {words}",
                "See whether this host's clock is right (timedatectl); if it is, the registry needs a new certificate."),
            SkopeoFault.Untrusted => Failed(
                $"the connection to the registry of {reference} is not trusted: {words}",
                "Put the registry's CA into /etc/containers/certs.d/HOST:PORT/ca.crt; or, for a registry without TLS, set 'insecure = true' for it in /etc/containers/registries.conf."),
            _ => Failed($"{reference} cannot be {verb}: {words}", $"Try it by hand, as the runner's user: {result.Call}"),
        };
    }

    private static SystemFailureException Failed(string message, string hint) => new(ErrorCodes.RegistryFailed, message, hint);
}
