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
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var run = tools.RunAsync(new ToolCall("skopeo", ["copy", .. exact, .. Login(authFile, reference, "pulled"), reference.ForSkopeo, target.ForSkopeo]) { Timeout = Forever }, stop.Token);
        var (length, since) = (-1L, clock.GetTimestamp());
        while (await Task.WhenAny(run, Task.Delay(Poll, clock, cancellationToken)).ConfigureAwait(false) != run)
        {
            var now = cancellationToken.IsCancellationRequested ? length : target.Length();
            var isSilent = now == length && clock.GetElapsedTime(since) > LongestSilence;
            if (now > longest || isSilent)
            {
                await stop.CancelAsync().ConfigureAwait(false);
                await ((Task)run).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                throw isSilent
                    ? new DownloadInterruptedException($"nothing came from the registry of {reference} for {DurationText.Format(LongestSilence)}")
                    : new SystemFailureException(
                        ErrorCodes.OciImageUnusable, $"the registry sends more of {reference} than its manifest says, so it was not taken", "Ask the registry's administrator.");
            }

            (length, since) = now == length ? (length, since) : (now, clock.GetTimestamp());
            progress.Report(now);
            cancellationToken.ThrowIfCancellationRequested();
        }

        var result = await run.ConfigureAwait(false);
        if (result.ExitCode != 0)
        {
            throw Failure(reference, result, "pulled");
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
        var call = new ToolCall("skopeo", ["--insecure-policy", "copy", "--preserve-digests", .. Login(authFile, reference, "pushed"), source.ForSkopeo, reference.ForSkopeo]) { Timeout = Forever, Heard = heard };
        var result = await tools.RunAsync(call, cancellationToken).ConfigureAwait(false);
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
            SkopeoFault.Untrusted => Failed(
                $"the connection to the registry of {reference} is not trusted: {words}",
                "Put the registry's CA into /etc/containers/certs.d/HOST:PORT/ca.crt; or, for a registry without TLS, set 'insecure = true' for it in /etc/containers/registries.conf."),
            _ => Failed($"{reference} cannot be {verb}: {words}", $"Try it by hand, as the runner's user: {result.Call}"),
        };
    }

    private static SystemFailureException Failed(string message, string hint) => new(ErrorCodes.RegistryFailed, message, hint);
}
