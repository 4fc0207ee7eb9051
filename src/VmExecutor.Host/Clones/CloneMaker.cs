using System.Xml.Linq;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Egress;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Images;
using VmExecutor.Core.Values;
using VmExecutor.Host.Disks;
using VmExecutor.Host.Egress;
using VmExecutor.Host.Files;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Templates;
using VmExecutor.Host.Users;

namespace VmExecutor.Host.Clones;

/// <summary>
/// Makes a linked clone and starts it. After a failure <see cref="CloneRemover"/> removes its parts, by the job's names.
/// </summary>
public sealed class CloneMaker(IHypervisor hypervisor, QemuImg qemuImg, DomainStopper stopper)
{
    /// <summary>For each writable disk's target: the base that its overlay will stand on.</summary>
    /// <param name="source">The domain XML with the writable disks.</param>
    /// <param name="generation">Set: the source is this generation's, whose record knows the disks that are files of its own, and they are unchanged.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public Task<IReadOnlyDictionary<string, BackingChain>> InspectDisksAsync(XElement source, Generation? generation, CancellationToken cancellationToken) =>
        InspectDisksAsync(source, generation, evenIfWritten: false, cancellationToken);

    /// <inheritdoc cref="InspectDisksAsync(XElement, Generation?, CancellationToken)"/>
    /// <param name="source">The domain XML with the writable disks.</param>
    /// <param name="generation">Set: the source is this generation's.</param>
    /// <param name="evenIfWritten">True: disks that a running VM writes to are read, too. For a caller that makes nothing.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<IReadOnlyDictionary<string, BackingChain>> InspectDisksAsync(
        XElement source, Generation? generation, bool evenIfWritten, CancellationToken cancellationToken)
    {
        var chains = new Dictionary<string, BackingChain>(StringComparer.Ordinal);
        foreach (var disk in SourceDisk.WritableOf(source))
        {
            chains[disk.Target] = generation?.ChainOf(disk.Target) ?? await qemuImg.InspectAsync(disk.Path, disk.Format, evenIfWritten, cancellationToken).ConfigureAwait(false);
        }

        return chains;
    }

    /// <summary>The overlays of all writable disks, the first as large as the plan says, and the copy of the NVRAM.</summary>
    public Task MakeDisksAsync(
        XElement source, ClonePlan plan, IReadOnlyDictionary<string, BackingChain> chains, CancellationToken cancellationToken) =>
        MakeDisksAsync(source, plan.Paths, chains, plan.Sizes.Disk, CloneFirmware.NvramOf(source), cancellationToken);

    /// <summary>As above.</summary>
    /// <param name="source">The domain XML with the writable disks.</param>
    /// <param name="paths">The places of the new files.</param>
    /// <param name="chains">For each writable disk's target: what its overlay stands on.</param>
    /// <param name="size">Of the first one; null: as large as what it stands on.</param>
    /// <param name="nvram">What is copied; null: nothing.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task MakeDisksAsync(
        XElement source, JobPaths paths, IReadOnlyDictionary<string, BackingChain> chains, ByteSize? size, AbsolutePath? nvram, CancellationToken cancellationToken)
    {
        foreach (var disk in SourceDisk.WritableOf(source))
        {
            await qemuImg.CreateOverlayAsync(paths.Overlay(disk.Target), chains[disk.Target], size, cancellationToken).ConfigureAwait(false);
            size = null;
        }

        CopyNvram(nvram, paths);
    }

    /// <summary>Starts the clone as a transient domain, whose network passes on what the plan lets it.</summary>
    /// <exception cref="SystemFailureException">
    /// libvirt or QEMU refused; where QEMU's user may not read a file, the message names it. Or <see cref="ErrorCodes.EgressImpossible"/>: nothing of the job is in the guest then.
    /// </exception>
    /// <param name="clone">Its domain XML.</param>
    /// <param name="plan">The plan of the clone.</param>
    /// <param name="chains">The bases of its disks.</param>
    /// <param name="ram">The file that is its memory, if it is one.</param>
    /// <param name="cancellationToken">The start itself goes on in libvirt for a moment.</param>
    public async Task StartAsync(
        XElement clone, ClonePlan plan, IReadOnlyDictionary<string, BackingChain> chains, AbsolutePath? ram, CancellationToken cancellationToken)
    {
        VmUserFiles.Give(clone, plan);
        if (plan.IsRestricted)
        {
            RestrictedCard.Apply(clone);
        }

        await StartAsync(clone.ToString(), plan, chains, ram, cancellationToken).ConfigureAwait(false);
        if (plan is { IsRestricted: true, Egress: { } policy }
            && !RestrictedCard.Holds(await hypervisor.SendMonitorCommandAsync(plan.Domain.Value, RestrictedCard.Ask, cancellationToken).ConfigureAwait(false)))
        {
            throw EgressWall.Impossible(policy, $"the network card of VM {plan.Domain} is not connected as the driver has said, which needs libvirt 8.2 or later");
        }
    }

    private async Task StartAsync(string xml, ClonePlan plan, IReadOnlyDictionary<string, BackingChain> chains, AbsolutePath? ram, CancellationToken cancellationToken)
    {
        try
        {
            await new TransientStart(hypervisor, stopper).RunAsync(xml, plan, cancellationToken).ConfigureAwait(false);
        }
        catch (HypervisorException e) when (e.Code == ErrorCodes.DomainStartFailed)
        {
            // A QEMU that runs as we do can read what we can; then only what is missing stands in its way, as for root.
            var user = plan.User is { } own
                ? new QemuUser(own.Id, own.Group)
                : QemuUser.Of(await hypervisor.GetCapabilitiesAsync(cancellationToken).ConfigureAwait(false)) ?? new QemuUser(0, 0);
            if (ram is not null && TemplateRefusals.Explain(e, ram, user) is { } refusal)
            {
                throw refusal;
            }

            if (FindUnreadable(plan, chains, user, e.Message) is { } obstacle)
            {
                throw new SystemFailureException(
                    ErrorCodes.BaseDiskUnreadable,
                    $"the VM could not be started: {obstacle.What}. {e.Message}",
                    $"Let it: {obstacle.Command}",
                    e);
            }

            throw;
        }
    }

    private static void CopyNvram(AbsolutePath? nvram, JobPaths paths)
    {
        if (nvram is null || !HostFile.Exists(nvram.Value))
        {
            return;
        }

        try
        {
            HostFile.Copy(nvram.Value, paths.Nvram.Value);

            // The mode is copied as well, and a generation's files are read-only.
            HostFile.SetUnixFileMode(paths.Nvram.Value, HostFile.GetUnixFileMode(paths.Nvram.Value) | UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw new HostFileException($"the source's NVRAM {nvram} cannot be copied to {paths.Nvram}", e);
        }
    }

    /// <summary>
    /// libvirt gives an overlay to QEMU's user for the time of the start, and takes it back when that fails. So its owner afterwards tells
    /// nothing, and an overlay counts only where it is missing or the refusal itself names it.
    /// </summary>
    private static (string What, string Command)? FindUnreadable(ClonePlan plan, IReadOnlyDictionary<string, BackingChain> chains, QemuUser user, string refusal)
    {
        var files = chains.Values.SelectMany(chain => chain.Files).Select(file => file.Path).Append(plan.Paths.Directory)
            .Concat(chains.Keys.Select(plan.Paths.Overlay).Where(overlay => !HostFile.Exists(overlay.Value) || refusal.Contains(overlay.Value, StringComparison.Ordinal)));
        if (plan.Image.Source is ImageSource.DiskFile { Kernel: { } kernel })
        {
            files = files.Append(kernel.Kernel);
            files = kernel.Initrd is { } initrd ? files.Append(initrd) : files;
        }

        return files.Select(file => ReadAccess.Obstacle(file, user.User, user.Group)).FirstOrDefault(obstacle => obstacle is not null);
    }
}
