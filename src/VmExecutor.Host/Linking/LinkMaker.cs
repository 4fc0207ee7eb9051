using System.Xml.Linq;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Linking;
using VmExecutor.Core.Values;
using VmExecutor.Host.Disks;
using VmExecutor.Host.Files;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Waiting;

namespace VmExecutor.Host.Linking;

/// <summary>Makes a linked clone for people, or nothing: whatever fails or is cancelled half-way is undone.</summary>
public sealed class LinkMaker(IHypervisor hypervisor, LinkSource source, LinkSurvey survey, QemuImg qemuImg, DomainStopper stopper, TimeProvider time)
{
    private const UnixFileMode OwnerWrites = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private static readonly TimeSpan UndoLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan HurriedUndoLimit = TimeSpan.FromSeconds(30);

    /// <param name="domain">The clone's definition.</param>
    /// <param name="plan">The plan of the clone.</param>
    /// <param name="protect">Make the source's disks read-only.</param>
    /// <param name="start">Start the clone.</param>
    /// <param name="warn">Takes what could not be done and does not keep the clone from being made, or what could not be undone.</param>
    /// <param name="cancellationToken">Undoes everything.</param>
    /// <exception cref="SystemFailureException">It could not be made, or not be started; nothing is left of it.</exception>
    public async Task MakeAsync(
        XElement domain, LinkPlan plan, bool protect, bool start, Action<string> warn, CancellationToken cancellationToken)
    {
        var undo = new UndoStack();
        try
        {
            if (protect)
            {
                Protect(plan, undo, warn);
            }

            await source.EnsureStillOffAsync(plan.Source, cancellationToken).ConfigureAwait(false);
            foreach (var disk in plan.Disks)
            {
                await MakeOverlayAsync(disk, undo, cancellationToken).ConfigureAwait(false);
            }

            CopyNvram(plan.Nvram, undo);
            undo.Push(token => UndefineAsync(plan, token));
            await hypervisor.DefineAsync(domain.ToString(), cancellationToken).ConfigureAwait(false);
            if (start)
            {
                undo.Push(token => DestroyAsync(plan, token));
                await StartAsync(plan, cancellationToken).ConfigureAwait(false);
            }

            cancellationToken.ThrowIfCancellationRequested();
        }
        catch
        {
            using var deadline = new Deadline(UndoLimit, HurriedUndoLimit, time, cancellationToken);
            foreach (var failure in await undo.RunAsync(deadline.Token).ConfigureAwait(false))
            {
                warn($"while undoing: {failure}");
            }

            throw;
        }
    }

    private void Protect(LinkPlan plan, UndoStack undo, Action<string> warn)
    {
        foreach (var file in plan.WrittenBySource)
        {
            try
            {
                if (BaseProtection.Protect(file) is { } before)
                {
                    undo.Push(async token =>
                    {
                        // Another clone may have been made meanwhile, and relies on it.
                        if ((await survey.StandingOnAsync([file.Path], token).ConfigureAwait(false)).Count == 0)
                        {
                            HostFile.SetUnixFileMode(file.Path.Value, before);
                        }
                    });
                }
            }
            catch (HostFileException e)
            {
                warn($"{e.Message}. '{plan.Source}' can still be started while all its clones are off, and a start breaks the clones");
            }
        }
    }

    /// <summary>The file is made first, by us and only if there is none: qemu-img overwrites what it finds. It is as private as what it stands on.</summary>
    private async Task MakeOverlayAsync(LinkDisk disk, UndoStack undo, CancellationToken cancellationToken)
    {
        Make(disk.Overlay, (FileStat.TryRead(disk.Base.Top.Path) is { IsRegular: true } stat ? stat.Mode & ~UnixFileMode.UserExecute : 0) | OwnerWrites, undo);
        await qemuImg.CreateOverlayAsync(disk.Overlay, disk.Base, size: null, cancellationToken).ConfigureAwait(false);
    }

    private static void CopyNvram(LinkNvram? nvram, UndoStack undo)
    {
        if (nvram is null)
        {
            return;
        }

        Make(nvram.To, OwnerWrites, undo);
        try
        {
            using var from = HostFile.OpenRead(nvram.From.Value);
            using var to = HostFile.Open(nvram.To.Value, FileMode.Open, FileAccess.Write);
            from.CopyTo(to);
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw new HostFileException($"the source's NVRAM {nvram.From} cannot be copied to {nvram.To}", e);
        }
    }

    private static void Make(AbsolutePath file, UnixFileMode mode, UndoStack undo)
    {
        try
        {
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = mode };
            HostFile.Open(file.Value, options).Dispose();
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw new HostFileException($"{file} cannot be made", e);
        }

        undo.Push(_ =>
        {
            HostFile.Delete(file.Value);
            return Task.CompletedTask;
        });
    }

    private async Task StartAsync(LinkPlan plan, CancellationToken cancellationToken)
    {
        try
        {
            await hypervisor.StartAsync(plan.Name.Value, cancellationToken).ConfigureAwait(false);
        }
        catch (HypervisorException e) when (e.Code == ErrorCodes.DomainStartFailed)
        {
            // libvirt gives the files themselves to QEMU's user, but not the way to them.
            var user = QemuUser.Of(await hypervisor.GetCapabilitiesAsync(cancellationToken).ConfigureAwait(false)) ?? new QemuUser(0, 0);
            var obstacle = plan.Bases.Concat(plan.Disks.Select(disk => disk.Overlay)).Select(file => file.Parent()).Distinct()
                .Select(file => ReadAccess.Obstacle(file, user.User, user.Group)).FirstOrDefault(obstacle => obstacle is not null);
            throw new SystemFailureException(
                ErrorCodes.LinkNotStarted,
                $"the clone '{plan.Name}' could not be started, and was removed again: {(obstacle is { } found ? $"{found.What}. " : "")}{e.Message}",
                obstacle is { } known ? $"Let it: {known.Command}" : "Make it without --start to look at its definition (virsh dumpxml), or see whether the source itself starts.",
                e);
        }
    }

    private async Task UndefineAsync(LinkPlan plan, CancellationToken cancellationToken)
    {
        if (await IsOursAsync(plan, cancellationToken).ConfigureAwait(false))
        {
            await hypervisor.UndefineAsync(plan.Name.Value, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task DestroyAsync(LinkPlan plan, CancellationToken cancellationToken)
    {
        if (await IsOursAsync(plan, cancellationToken).ConfigureAwait(false))
        {
            await stopper.DestroyAsync(plan.Name.Value, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>A domain of that name may be another's, who was quicker.</summary>
    private async Task<bool> IsOursAsync(LinkPlan plan, CancellationToken cancellationToken) =>
        await hypervisor.FindXmlAsync(plan.Name.Value, inactive: true, cancellationToken).ConfigureAwait(false) is { } xml
        && Guid.TryParse((string?)XmlText.Parse(xml).Element("uuid"), out var uuid)
        && uuid == plan.Uuid;
}
