using System.Globalization;
using System.Text.RegularExpressions;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Health;

/// <summary>The facts that were seen of an image's private key.</summary>
/// <param name="Images">The images that name it.</param>
/// <param name="Path">The path.</param>
/// <param name="Owner">The owner's number; null: it is not there, or out of reach.</param>
/// <param name="Mode">As of <paramref name="Owner"/>.</param>
/// <param name="IsReadable">Whether who looks may read it.</param>
/// <param name="Trouble">What its content shows; null: nothing, or it cannot be read.</param>
public sealed record KeyState(IReadOnlyList<string> Images, AbsolutePath Path, uint? Owner, UnixFileMode Mode, bool IsReadable, KeyTrouble? Trouble);

/// <summary>Decides whether the ssh client understands its options, and whether it takes the images' private keys.</summary>
public static partial class SshRules
{
    /// <summary>
    /// Lists of algorithms that begin with <c>^</c> came with 8.1 (https://www.openssh.com/txt/release-8.1); the driver's ssh gets some, and an
    /// older one refuses its whole command line.
    /// </summary>
    private static readonly Version OldestSsh = new(8, 1);

    private const UnixFileMode ForOthers = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <param name="words">What <c>ssh -V</c> says: <c>OpenSSH_9.2p1 Debian-2+deb12u10, OpenSSL …</c>.</param>
    public static Finding DecideSsh(string words)
    {
        var first = words.Split('\n')[0].Trim();
        return OpenSsh().Match(first) is not { Success: true } match ? Checks.Ssh.Warning($"the ssh client is no OpenSSH ('{first}'); its options are not known", "apt-get install openssh-client")
            : ToolVersions.Parse(match.Groups["version"].Value) is { } version && version < OldestSsh
                ? Checks.Ssh.Problem($"OpenSSH {version} does not understand the options it is given; {OldestSsh} is the oldest that does", "apt-get install openssh-client")
                : Checks.Ssh.Ok($"OpenSSH {match.Groups["version"].Value}");
    }

    /// <summary>Decides whether ssh takes an image's private key.</summary>
    /// <param name="key">The key.</param>
    /// <param name="user">The user of the stages.</param>
    public static Finding DecideKey(KeyState key, Account user)
    {
        var path = ShellText.Quote(key.Path.Value);
        var who = Quantity.Named("image", key.Images);
        return key switch
        {
            { Owner: null } => Checks.SshKeys.Problem($"{who}: the key {key.Path} is not there, or out of reach", $"namei -l {path}"),
            { Trouble: { } trouble } => Checks.SshKeys.Problem($"{who}: the key {key.Path} {trouble.What}", trouble.Fix),

            // sshkey_perm_ok in OpenSSH's authfile.c: the mode is only looked at where the key is one's own.
            { Owner: var owner } when owner == user.Id && (key.Mode & ForOthers) != 0 => Checks.SshKeys.Problem(
                string.Create(CultureInfo.InvariantCulture, $"{who}: ssh refuses the key {key.Path}, since others may read it (mode {Convert.ToString((int)key.Mode, 8)})"),
                $"chmod 600 {path}"),
            { IsReadable: false } => Checks.SshKeys.Problem($"{who}: you may not read the key {key.Path}", $"chown {user.Label} {path} && chmod 600 {path}"),
            { Owner: var owner } when owner != user.Id && user.Id != 0 && (key.Mode & UnixFileMode.OtherRead) == 0 => Checks.SshKeys.Warning(
                $"{who}: the key {key.Path} does not belong to {user.Label}, as whom the runner runs", $"chown {user.Label} {path}"),
            _ => Checks.SshKeys.Ok($"{who}: ssh takes the key {key.Path}"),
        };
    }

    [GeneratedRegex(@"OpenSSH_(?:for_\w+_)?(?<version>[0-9]+\.[0-9]+)")]
    private static partial Regex OpenSsh();
}
