using VmExecutor.Core.Clones;
using VmExecutor.Core.Clones.Parts;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;
using VmExecutor.Host.Hypervisor;

namespace VmExecutor.Host.Linking;

/// <summary>Lets a source be started again, once no clone stands on its disks any more.</summary>
public sealed class LinkRelease(IHypervisor hypervisor, LinkSource source, LinkSurvey survey)
{
    /// <summary>The disks that were read-only and are not any more.</summary>
    /// <exception cref="SystemFailureException"><see cref="ErrorCodes.LinkStillStandsOnBase"/>, with the clones; or the source is missing, or its files are not ours to change.</exception>
    public async Task<IReadOnlyList<AbsolutePath>> RunAsync(string name, CancellationToken cancellationToken)
    {
        var found = await source.FindAsync(name, await survey.NamesAsync(cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
        var disks = SourceDisk.WritableOf(found.Xml, ClonePurpose.Person).Select(disk => disk.Path).ToList();
        var clones = await survey.StandingOnAsync(disks, cancellationToken).ConfigureAwait(false);
        if (clones.Count > 0)
        {
            throw new SystemFailureException(
                ErrorCodes.LinkStillStandsOnBase,
                $"{(clones.Count == 1 ? "a clone stands" : $"{clones.Count} clones stand")} on the disks of '{name}' and would be spoilt by its start: {string.Join(", ", clones)}",
                $"Remove them (virsh -c {hypervisor.Uri} undefine CLONE --nvram, and their overlays), or make their disks complete (virsh blockpull while they run) and remove their metadata's word of it: virsh -c {hypervisor.Uri} metadata CLONE urn:vm-executor:link:1 --remove --config");
        }

        return [.. disks.Where(BaseProtection.Release)];
    }
}
