using System.Globalization;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Health;

/// <summary>What was seen of an image's private key.</summary>
/// <param name="Images">Whose.</param>
/// <param name="Path">Where.</param>
/// <param name="Owner">The owner's number; null: it is not there, or out of reach.</param>
/// <param name="Mode">As of <paramref name="Owner"/>.</param>
/// <param name="IsReadable">Whether who looks may read it.</param>
/// <param name="Trouble">What its content shows; null: nothing, or it cannot be read.</param>
public sealed record KeyLook(IReadOnlyList<string> Images, AbsolutePath Path, uint? Owner, UnixFileMode Mode, bool IsReadable, KeyTrouble? Trouble);

/// <summary>Whether ssh takes an image's private key.</summary>
public static class KeyRules
{
    private const UnixFileMode ForOthers = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <param name="look">The key.</param>
    /// <param name="user">As whom the stages run.</param>
    public static Finding Decide(KeyLook look, Account user)
    {
        var path = ShellText.Quote(look.Path.Value);
        var who = $"image{(look.Images.Count == 1 ? "" : "s")} {string.Join(", ", look.Images)}";
        return look switch
        {
            { Owner: null } => Checks.SshKeys.Problem($"{who}: the key {look.Path} is not there, or out of reach", $"namei -l {path}"),
            { Trouble: { } trouble } => Checks.SshKeys.Problem($"{who}: the key {look.Path} {trouble.What}", trouble.Fix),

            // sshkey_perm_ok in OpenSSH's authfile.c: the mode is only looked at where the key is one's own.
            { Owner: var owner } when owner == user.Id && (look.Mode & ForOthers) != 0 => Checks.SshKeys.Problem(
                string.Create(CultureInfo.InvariantCulture, $"{who}: ssh refuses the key {look.Path}, since others may read it (mode {Convert.ToString((int)look.Mode, 8)})"),
                $"chmod 600 {path}"),
            { IsReadable: false } => Checks.SshKeys.Problem($"{who}: you may not read the key {look.Path}", $"chown {user.Label} {path} && chmod 600 {path}"),
            { Owner: var owner } when owner != user.Id && user.Id != 0 && (look.Mode & UnixFileMode.OtherRead) == 0 => Checks.SshKeys.Warning(
                $"{who}: the key {look.Path} does not belong to {user.Label}, as whom the runner runs", $"chown {user.Label} {path}"),
            _ => Checks.SshKeys.Ok($"{who}: ssh takes the key {look.Path}"),
        };
    }
}
