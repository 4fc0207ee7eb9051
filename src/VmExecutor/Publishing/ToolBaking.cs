using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Images;
using VmExecutor.Core.Values;
using VmExecutor.Host;

namespace VmExecutor.Publishing;

/// <summary>
/// Puts the tools of the host onto the disk of a generation that is being made, so that jobs need not copy them. A clone of the
/// generation gets the tools and is shut down; then its overlays are written back into the disks they stand on.
/// </summary>
internal sealed class ToolBaking(Machine machine)
{
    private static readonly TimeSpan ShutdownLimit = TimeSpan.FromMinutes(3);

    /// <returns>The generation with what was put into it. What was published in place is left as it is: its jobs get the tools one by one.</returns>
    /// <exception cref="SystemFailureException">They could not be put there, or the guest did not shut down.</exception>
    public async Task<Generation> RunAsync(ImageDefinition image, Generation draft, PublishLog log, CancellationToken cancellationToken)
    {
        // A generation that another host pushed has the same ones already.
        if (image.Tools.Count == 0 || draft.Record.InPlace || draft.Record.Tools.SequenceEqual(machine.GuestTools.Describe(image.Tools)))
        {
            return draft;
        }

        log.Say("starting a clone of it to put the tools onto its disk");
        var delivered = await new OwnClone(machine).UseAsync(
            image with { PrepareHook = null, Tools = [] },
            draft,
            log.Job,
            async clone =>
            {
                var done = await machine.GuestTools.DeliverAsync(clone.Access, image.Tools, [], log.Say, cancellationToken);
                if (!await machine.Stopper.ShutDownAsync(clone.Plan.Domain.Value, ShutdownLimit, cancellationToken))
                {
                    throw new SystemFailureException(
                        ErrorCodes.ProbeFailed,
                        $"the clone of image '{image.Name}' that got the tools did not shut down within {DurationText.Format(ShutdownLimit)}, so its disk may not be whole",
                        "A guest must obey the ACPI power button; or leave 'tools' out.");
                }

                foreach (var disk in draft.Record.Files.Where(file => FrozenDomain.IsDisk(file.Role)))
                {
                    await machine.QemuImg.CommitOverlayAsync(clone.Plan.Paths.Overlay(disk.Role), cancellationToken);
                }

                return done;
            },
            cancellationToken);
        return draft with { Record = draft.Record with { Tools = delivered } };
    }
}
