using System.Globalization;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Guests;

/// <summary>Everything that is needed to enter a job's guest and to run its scripts there.</summary>
/// <param name="Domain">The clone; its guest's host key is known under this name.</param>
/// <param name="Address">Where its ssh server is reached.</param>
/// <param name="User">The account scripts run under.</param>
/// <param name="Key">Private key file, readable by its owner only.</param>
/// <param name="Directory">The job's directory: known hosts, control socket and log of the kept connection lie here.</param>
/// <param name="HostKeys">The guest's pinned keys; empty: the key of the job's first contact is pinned.</param>
/// <param name="Shell">Which shell runs the job's scripts.</param>
public sealed record GuestAccess(
    DomainName Domain,
    GuestAddress Address,
    GuestUser User,
    AbsolutePath Key,
    AbsolutePath Directory,
    IReadOnlyList<HostKey> HostKeys,
    GuestShell Shell)
{
    // Longer than any pause between two uses, on a host that is busy beyond measure, too.
    private static readonly TimeSpan PersonIdle = TimeSpan.FromSeconds(60);

    /// <summary>The login shell, as the guest said when the connection was opened.</summary>
    public LoginShell LoginShell { get; init; } = LoginShell.Other;

    /// <summary>Of the boot in which the connection was opened; null: the guest has not said.</summary>
    public string? BootId { get; init; }

    /// <summary>The directories that jobs write to; they are tested when the connection is opened for the first time.</summary>
    public IReadOnlyList<GuestPlace> Places { get; init; } = [];

    /// <summary>Null: the guest was not asked, since it woke up from one that was.</summary>
    public GuestLook? Look { get; init; }

    /// <summary>The proof by which the guest shows on each new connection that it is the clone's; null: it is not asked.</summary>
    public GuestProof? Proof { get; init; }

    /// <summary>
    /// True when the guest's ssh server refused a connection after it had answered: a firewall in the guest seems to count connections.
    /// </summary>
    public bool CountsConnections { get; init; }

    /// <summary>The control socket's name in the job's directory.</summary>
    public string Socket { get; init; } = SshArguments.ControlSocket;

    /// <summary>The known hosts file that pins the keys: one line each under the domain's name.</summary>
    public string KnownHosts => string.Concat(HostKeys.Select(key => $"{Domain} {key}\n"));

    /// <summary>The name, in the job's directory, of the file with ssh's messages of opening the connection.</summary>
    public string Log { get; init; } = SshArguments.Log;

    /// <summary>
    /// The time that the connection stays open after its last use, so that it ends when its opener was killed;
    /// null: it stays open until it is closed.
    /// </summary>
    public TimeSpan? Idle { get; init; }

    /// <summary>
    /// The same guest through a connection of one process's own. Each of its files has another name than the kept connection's, so that
    /// it does not disturb the stages, which may run as another user.
    /// </summary>
    /// <param name="processId">Of the process that closes the connection.</param>
    public GuestAccess Beside(int processId)
    {
        var id = processId.ToString(CultureInfo.InvariantCulture);
        return this with { Socket = $"{id}{JobFiles.PersonSocket.Name}", Log = $"{id}{JobFiles.PersonLog.Name}", Idle = PersonIdle };
    }

    public override string ToString() => $"{User}@{Domain} ({Address})";
}
