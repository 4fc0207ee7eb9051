using VmExecutor.Core.Clones;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Linking;
using VmExecutor.Core.Values;
using VmExecutor.Host.Hypervisor;

namespace VmExecutor.Host.Linking;

/// <summary>The domain that is cloned. It is asked to shut down where that is wanted, never destroyed, and never started again.</summary>
public sealed class LinkSource(IHypervisor hypervisor, DomainStopper stopper)
{
    private static readonly TimeSpan ShutdownLimit = TimeSpan.FromMinutes(3);

    /// <summary>
    /// The definition that would be started next, passwords of displays included, and its state now. Where libvirt does not tell passwords, the
    /// displays are those that a clone may have without one.
    /// </summary>
    /// <param name="name">The domain.</param>
    /// <param name="there">The names of all domains, for a suggestion when it was mistyped.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="SystemFailureException"><see cref="ErrorCodes.SourceMissing"/>.</exception>
    public async Task<FoundSource> FindAsync(string name, IReadOnlyList<string> there, CancellationToken cancellationToken)
    {
        var definition = await hypervisor.FindDefinitionAsync(name, cancellationToken).ConfigureAwait(false);
        var status = await hypervisor.FindStatusAsync(name, cancellationToken).ConfigureAwait(false);
        if (definition is null || status is null)
        {
            throw LinkNames.Missing(name, hypervisor.Uri, there);
        }

        var (xml, remarks) = await new SourceDefinitions(hypervisor).ResolveAsync(DomainText.Parse(definition.Xml), cancellationToken).ConfigureAwait(false);
        return new FoundSource(definition.HasSecrets ? xml : LinkDisplays.KeepLocal(xml), definition.HasSecrets, status.State) { Remarks = remarks };
    }

    /// <summary>True when its disks are at rest; else it must be shut down first, and may be.</summary>
    /// <exception cref="SystemFailureException"><see cref="ErrorCodes.SourceNotShutOff"/>: it is not off, with what to do; <see cref="ErrorCodes.LinkSourceHasSavedState"/>.</exception>
    public async Task<bool> IsOffAsync(string name, DomainState state, bool shutDown, CancellationToken cancellationToken)
    {
        if (state is not (DomainState.ShutOff or DomainState.Crashed))
        {
            return shutDown && state is DomainState.Running or DomainState.Blocked or DomainState.ShuttingDown ? false : throw NotOff(name, state, shutDown);
        }

        if (await hypervisor.HasSavedStateAsync(name, cancellationToken).ConfigureAwait(false))
        {
            throw new SystemFailureException(
                ErrorCodes.LinkSourceHasSavedState,
                $"'{name}' is off with its memory saved (managed save): its next start would go on writing to its disks",
                $"Start it and shut it down (virsh -c {hypervisor.Uri} start {Word(name)}), or throw the saved memory away: virsh -c {hypervisor.Uri} managedsave-remove {Word(name)}");
        }

        return true;
    }

    /// <summary>Asks it to shut down and waits.</summary>
    /// <exception cref="SystemFailureException"><see cref="ErrorCodes.SourceNotShutOff"/>: it did not within three minutes.</exception>
    public async Task ShutDownAsync(string name, Action<string> tell, CancellationToken cancellationToken)
    {
        tell($"asking '{name}' to shut down (up to {DurationText.Format(ShutdownLimit)})");
        if (!await stopper.ShutDownAsync(name, ShutdownLimit, cancellationToken).ConfigureAwait(false))
        {
            throw new SystemFailureException(
                ErrorCodes.SourceNotShutOff,
                $"'{name}' did not shut down within {DurationText.Format(ShutdownLimit)}; it was not destroyed, and nothing was made",
                $"Log in and shut it down (virsh -c {hypervisor.Uri} console {Word(name)}); the guest needs ACPI or the guest agent for being asked.");
        }
    }

    /// <summary>Checks again: it may have been started since; a transient one is gone.</summary>
    /// <exception cref="SystemFailureException"><see cref="ErrorCodes.SourceNotShutOff"/>.</exception>
    public async Task EnsureStillOffAsync(string name, CancellationToken cancellationToken)
    {
        if (await hypervisor.FindStatusAsync(name, cancellationToken).ConfigureAwait(false) is { State: not (DomainState.ShutOff or DomainState.Crashed) } status)
        {
            throw NotOff(name, status.State, shutDown: true);
        }
    }

    private SystemFailureException NotOff(string name, DomainState state, bool shutDown) => new(
        ErrorCodes.SourceNotShutOff,
        $"'{name}' is {state.ToString().ToLowerInvariant()}; a clone of disks that are being written to would be broken",
        state switch
        {
            DomainState.Paused => $"Go on with it and shut it down: virsh -c {hypervisor.Uri} resume {Word(name)}; virsh -c {hypervisor.Uri} shutdown {Word(name)}",
            DomainState.Suspended => $"Wake it up and shut it down: virsh -c {hypervisor.Uri} dompmwakeup {Word(name)}; virsh -c {hypervisor.Uri} shutdown {Word(name)}",
            _ => $"Shut it down: virsh -c {hypervisor.Uri} shutdown {Word(name)}{(shutDown ? "" : "; or have it asked and waited for: --shutdown")}",
        });

    private static string Word(string name) => Core.Guests.ShellText.Quote(name);
}
