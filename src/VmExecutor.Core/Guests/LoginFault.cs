using System.Globalization;
using System.Text.RegularExpressions;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Guests;

/// <summary>
/// Judges a login that is accepted and runs no command of the driver's: the cause is told by the text that came back in place of an answer
/// (OpenSSH: session.c; nologin(8); pam_unix(8)).
/// </summary>
public static partial class LoginFault
{
    private const int LongestEvidence = 400;

    /// <summary>The failure for people, with its cause as far as the text tells it.</summary>
    /// <param name="access">The guest.</param>
    /// <param name="exitCode">Of the ssh client; null: it was not seen.</param>
    /// <param name="said">The text that came back.</param>
    public static SystemFailureException Failure(GuestAccess access, int? exitCode, string said)
    {
        var user = access.User;
        return RemoteCommand.IsRepeated(said) ? new(
                ErrorCodes.GuestAccountUnusable,
                $"the ssh server of {access} runs another command than the one that it is given: one that repeats its input",
                NoForcedCommand(user))
            : RemoteCommand.SaysOtherCommand(said) ? new(
                ErrorCodes.GuestAccountUnusable,
                $"the ssh server of {access} runs another command than the one that it is given: a shell that reads its input",
                NoForcedCommand(user))
            : FilesOnly().IsMatch(said) ? new(
                ErrorCodes.GuestAccountUnusable,
                $"the ssh server of {access} lets '{user}' only transfer files: {Evidence(said, exitCode)}",
                NoForcedCommand(user))
            : Expired().IsMatch(said) ? new(
                ErrorCodes.GuestAccountUnusable,
                $"the password of '{user}' in the guest {access} has expired, and its ssh server runs nothing until a new one is given: {Evidence(said, exitCode)}",
                $"In the base image, as root: chage -d \"$(date +%F)\" -M -1 {user}. An account that logs in by key needs no password at all: usermod -p '*' {user}.")
            : NoLogin().IsMatch(said) ? new(
                ErrorCodes.GuestAccountUnusable,
                $"the login shell of '{user}' in the guest {access} only refuses (nologin): {Evidence(said, exitCode)}",
                $"In the base image, as root: usermod -s /bin/sh {user}. Or name another account by ssh.user of the image.")
            : new(
                ErrorCodes.GuestCannotRunScripts,
                $"the login shell of {access} runs no commands: {Evidence(said, exitCode)}",
                "Give the image's ssh.user a login shell, and a /bin/sh; its start-up files (.bashrc, .cshrc, config.fish) must neither exit, nor read their input, nor start another shell. "
                + "Nor may sshd_config have a ForceCommand for it, or authorized_keys a command=.");
    }

    private static string NoForcedCommand(GuestUser user) =>
        $"In the base image: sshd_config (and sshd_config.d) must have no ForceCommand that applies to '{user}', and authorized_keys no command= before the image's key. 'sshd -T -C user={user}' shows what applies.";

    private static string Evidence(string said, int? exitCode) =>
        PlainText.OneLine(said.Trim(), LongestEvidence) is { Length: > 0 } text ? text
        : exitCode is { } code ? string.Create(CultureInfo.InvariantCulture, $"ssh ended with {code}") : "it printed nothing";

    [GeneratedRegex("allows sftp connections only", RegexOptions.CultureInvariant)]
    private static partial Regex FilesOnly();

    [GeneratedRegex("[Pp]assword has expired|Password change required|required to change your password", RegexOptions.CultureInvariant)]
    private static partial Regex Expired();

    [GeneratedRegex("[Aa]ccount is (currently )?not available", RegexOptions.CultureInvariant)]
    private static partial Regex NoLogin();
}
