using System.Text;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Keeping;
using VmExecutor.Core.Values;
using VmExecutor.Host.Guests;

namespace VmExecutor.Host.Keeping;

/// <summary>Takes a job's secrets out of its guest; where that cannot be done for certain, the guest must not stay.</summary>
public sealed class SecretRemover(IGuestShell guestShell, TimeProvider time)
{
    // Looking through a large checkout in an emulated guest takes this long and no longer.
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(15);

    /// <param name="access">The guest.</param>
    /// <param name="secrets">What must not be in it.</param>
    /// <param name="buildsDir">Where the job's project is.</param>
    /// <param name="cacheDir">Where its caches are.</param>
    /// <param name="sinceReady">How long ago the guest was ready.</param>
    /// <param name="cancellationToken">Ends it; then the secrets count as there.</param>
    /// <returns>Why they may still be there; null: they are gone.</returns>
    public async Task<string?> RemoveAsync(
        GuestAccess access, JobSecrets secrets, string buildsDir, string cacheDir, TimeSpan sinceReady, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(Limit, time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            await guestShell.ConnectAsync(access, ConnectLimit, _ => Task.CompletedTask, stop.Token).ConfigureAwait(false);
            var lines = new MemoryStream(Encoding.UTF8.GetBytes(string.Concat(secrets.Lines.Select(line => line + "\n"))));
            var answer = await guestShell.RunCommandAsync(access, SecretRemoval.Text(buildsDir, cacheDir, sinceReady), lines, stop.Token).ConfigureAwait(false);
            return SecretRemoval.IsDone(answer.StandardOutput) && answer.ExitCode == 0 ? null : "the guest did not say that all of them are gone";
        }
        catch (SystemFailureException e)
        {
            return e.Message;
        }
        catch (OperationCanceledException)
        {
            return limit.IsCancellationRequested ? $"it took longer than {DurationText.Format(Limit)}" : "the cleanup was cancelled";
        }
    }
}
