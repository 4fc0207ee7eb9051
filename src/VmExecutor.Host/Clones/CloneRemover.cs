using System.Xml.Linq;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;
using VmExecutor.Host.Hypervisor;

namespace VmExecutor.Host.Clones;

/// <summary>Removes everything of a job: VM, overlays, keys, sockets, directory. With nothing there it succeeds.</summary>
public sealed class CloneRemover(IHypervisor hypervisor, DomainStopper stopper, Func<JobPaths, CancellationToken, Task> closeConnection)
{
    /// <summary>Each part is tried even if another failed.</summary>
    /// <param name="key">The job whose clone it is; a domain without this job's stamp is never touched.</param>
    /// <param name="directory">The job's directory.</param>
    /// <param name="grace">Null: destroyed at once; else how long the guest may take to shut down.</param>
    /// <param name="tell">Told what people should know.</param>
    /// <param name="hurry">Ends the wait for a polite shutdown: the guest is destroyed then.</param>
    /// <param name="cancellationToken">The deadline of it all.</param>
    /// <exception cref="CleanupException">Something is left; all of it is named.</exception>
    public async Task RemoveAsync(
        JobKey key, JobDirectory directory, TimeSpan? grace, Action<string> tell, CancellationToken hurry, CancellationToken cancellationToken)
    {
        // Pushed in reverse: the connection is closed first, the directory goes last.
        var steps = new UndoStack();
        steps.Push(_ =>
        {
            directory.Remove();
            return Task.CompletedTask;
        });
        steps.Push(_ =>
        {
            QemuLog.Remove(hypervisor.Uri, key.Domain);
            return Task.CompletedTask;
        });
        steps.Push(token => StopAsync(key, grace, tell, hurry, token));
        steps.Push(token => closeConnection(directory.Paths, token));
        var failures = await steps.UndoAsync(cancellationToken).ConfigureAwait(false);
        if (failures.Count > 0)
        {
            throw new CleanupException(key, failures);
        }
    }

    private async Task StopAsync(JobKey key, TimeSpan? grace, Action<string> tell, CancellationToken hurry, CancellationToken cancellationToken)
    {
        var domain = key.Domain.Value;
        var xml = await hypervisor.FindXmlAsync(domain, inactive: false, cancellationToken).ConfigureAwait(false);
        if (xml is null)
        {
            return;
        }

        if (CloneIdentity.OwnerOf(XElement.Parse(xml)) != key.Value)
        {
            throw new HypervisorException(
                ErrorCodes.DomainNotOurs,
                $"there is a domain {domain} on {hypervisor.Uri} without this driver's ownership stamp; it was left alone",
                $"If nobody needs it, remove it: virsh -c {hypervisor.Uri} destroy {domain}");
        }

        if (grace is { } limit && !await TryShutDownAsync(domain, limit, hurry, cancellationToken).ConfigureAwait(false))
        {
            tell($"the guest did not shut down within {DurationText.Format(limit)}: destroyed");
        }

        await stopper.DestroyAsync(domain, cancellationToken).ConfigureAwait(false);
    }

    private async Task<bool> TryShutDownAsync(string domain, TimeSpan limit, CancellationToken hurry, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(hurry, cancellationToken);
        try
        {
            return await stopper.ShutDownAsync(domain, limit, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (hurry.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }
}
