using System.Text.RegularExpressions;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Values;

namespace VmExecutor.Host.Guests;

/// <summary>
/// The reasons why ssh did not get in, sorted by what is still usable. ssh's own words are the only source for them (LC_ALL=C).
/// </summary>
internal enum SshFailureKind
{
    /// <summary>Refused, reset, closed, timed out, unknown: the guest may only not be ready yet.</summary>
    NotYet,

    /// <summary>The server does not take the key; right after boot cloud-init may still have to install it.</summary>
    Denied,

    /// <summary>The guest shows another host key than the pinned one.</summary>
    HostKeyChanged,

    /// <summary>The private key file is missing, unreadable, too open or damaged.</summary>
    KeyUnusable,

    /// <summary>Client and server have no common algorithm, or the client does not understand us.</summary>
    Incompatible,
}

/// <summary>The one place that reads ssh's messages (OpenSSH: sshconnect.c, sshconnect2.c, sshkey.c, packet.c).</summary>
internal sealed partial record SshFailure(SshFailureKind Kind, string Evidence)
{
    /// <summary>True when the server had answered before it refused: a firewall in the guest seems to count connections.</summary>
    public bool SeemsLimited { get; init; }

    /// <summary>
    /// True when the server had greeted us and then closed the connection before the login was done: so does PAM for an account that may not log in
    /// yet or at all. A firewall that counts connections, <c>MaxStartups</c> and <c>PerSourcePenalties</c> refuse earlier.
    /// </summary>
    public bool ClosedInLogin { get; private init; }

    /// <summary>No packet of the guest came before ssh's own time limit.</summary>
    private bool ConnectTimedOut { get; init; }

    /// <summary>The connection was made, and the server did not greet in ssh's own time limit.</summary>
    private bool GreetingTimedOut { get; init; }

    /// <summary>A server's words are among ssh's, and may be many.</summary>
    private const int LongestEvidence = 1000;
    private const int LongestLog = 16 << 10;

    public static SshFailure From(string log)
    {
        log = log.Length > LongestLog ? log[^LongestLog..] : log;
        var lines = log.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var telling = lines.Where(line => !Noise().IsMatch(line)).TakeLast(4).ToArray();
        var evidence = telling.Length == 0 ? "(ssh said nothing)" : PlainText.OneLine(string.Join("; ", telling), LongestEvidence);
        return new SshFailure(Sort(log), evidence)
        {
            ClosedInLogin = Closed().IsMatch(log) && !BeforeGreeting().IsMatch(log),
            ConnectTimedOut = ConnectTimeOut().IsMatch(log),
            GreetingTimedOut = GreetingTimeOut().IsMatch(log),
        };
    }

    /// <summary>The end of ssh's connection, as far as its words tell. Where QEMU forwards, each connection is made, whatever the guest does.</summary>
    public ConnectEnd EndOf(GuestAddress address) => this switch
    {
        not { Kind: SshFailureKind.NotYet, ClosedInLogin: false } => ConnectEnd.Other,
        { ConnectTimedOut: true } => ConnectEnd.Silent,
        { GreetingTimedOut: true } when address.IsForwarded => ConnectEnd.Silent,
        _ => ConnectEnd.Closed,
    };

    // The order matters: an unusable key ends in "Permission denied" as well.
    private static SshFailureKind Sort(string log) =>
        HostKey().IsMatch(log) ? SshFailureKind.HostKeyChanged
        : Key().IsMatch(log) ? SshFailureKind.KeyUnusable
        : Incompatible().IsMatch(log) ? SshFailureKind.Incompatible
        : Denied().IsMatch(log) ? SshFailureKind.Denied
        : SshFailureKind.NotYet;

    [GeneratedRegex("^Connection (closed|reset) by ", RegexOptions.Multiline)]
    private static partial Regex Closed();

    [GeneratedRegex("(kex|ssh)_exchange_identification: |banner exchange")]
    private static partial Regex BeforeGreeting();

    [GeneratedRegex("^ssh: connect to host .*timed out", RegexOptions.Multiline)]
    private static partial Regex ConnectTimeOut();

    [GeneratedRegex("timed out during banner exchange")]
    private static partial Regex GreetingTimeOut();

    [GeneratedRegex("REMOTE HOST IDENTIFICATION HAS CHANGED|Host key verification failed|no matching host key type found|host key is known for .* and you have requested strict checking")]
    private static partial Regex HostKey();

    [GeneratedRegex("UNPROTECTED PRIVATE KEY FILE|Load key \".*\": |Identity file .* not accessible")]
    private static partial Regex Key();

    [GeneratedRegex("no matching (key exchange method|cipher|MAC|compression) found|Bad configuration option|Bad (SSH2|key types|protocol)|unsupported option|ControlPath .* too long|ControlPath too long|unix_listener: ")]
    private static partial Regex Incompatible();

    [GeneratedRegex(@"Permission denied \(|Too many authentication failures|Received disconnect .* Too many")]
    private static partial Regex Denied();

    [GeneratedRegex("^@|^This private key will be ignored|^It is required that|^Warning: Permanently added|^Offending |^Add correct host key|^It is (also )?possible|^Someone could|^IT IS POSSIBLE|^Please contact|^remove with|^ssh-keygen ")]
    private static partial Regex Noise();
}
