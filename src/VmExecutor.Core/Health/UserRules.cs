using VmExecutor.Core.Configuration;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Health;

/// <summary>A user of the host.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Name">Null: the host's databases do not have it.</param>
/// <param name="Groups">Names of its groups.</param>
public sealed record Account(uint Id, string? Name, IReadOnlyList<string> Groups)
{
    public string Label => Name ?? $"#{Id}";
}

/// <summary>Decides whether the runner, the state directory and who looks are the same user, and whether that user may talk to libvirt.</summary>
public static class UserRules
{
    /// <param name="looking">The user of this process.</param>
    /// <param name="running">The user of a GitLab Runner that runs here; null: none was seen.</param>
    /// <param name="stateDir">The state directory.</param>
    /// <param name="owner">Of it; null: it is not there.</param>
    public static Finding DecideRunnerUser(Account looking, Account? running, AbsolutePath stateDir, Account? owner)
    {
        var user = running ?? looking;
        var who = running is null ? $"no GitLab Runner runs here; you are {looking.Label}" : $"GitLab Runner runs as {running.Label}";
        if (owner is not null && owner.Id != user.Id && user.Id != 0)
        {
            return Checks.RunnerUser.Problem(
                $"{who}, but {stateDir} belongs to {owner.Label}: stages cannot write there",
                running is null ? $"sudo -u {ShellText.Quote(owner.Label)} vm-executor doctor   # or: chown -R {user.Label}: {ShellText.Quote(stateDir.Value)}" : $"chown -R {user.Label}: {ShellText.Quote(stateDir.Value)}");
        }

        if (owner is not null && owner.Id != 0 && user.Id == 0)
        {
            return Checks.RunnerUser.Warning(
                $"{who}, but {stateDir} belongs to {owner.Label}: what root makes there, {owner.Label} cannot change",
                running is null ? $"sudo -u {ShellText.Quote(owner.Label)} vm-executor doctor" : $"chown -R {user.Label}: {ShellText.Quote(stateDir.Value)}");
        }

        return running is not null && running.Id != looking.Id
            ? Checks.RunnerUser.Warning(
                $"{who}, and you are {looking.Label}: the findings may be different for the runner", $"sudo -u {ShellText.Quote(running.Label)} vm-executor doctor")
            : Checks.RunnerUser.Ok(owner is null ? $"{who}; {stateDir} is not there yet" : $"{who}, to whom {stateDir} belongs");
    }

    /// <param name="uri">Of libvirt.</param>
    /// <param name="looking">The user of this process.</param>
    /// <param name="running">The user of a GitLab Runner that runs here; null: none was seen.</param>
    /// <param name="answered">True: libvirt answers this process.</param>
    /// <param name="tooLong">A socket that this user's own libvirt cannot make; null: none.</param>
    public static Finding DecideSocket(string uri, Account looking, Account? running, bool answered, SessionSocket? tooLong)
    {
        var user = running ?? looking;
        var join = $"usermod -aG libvirt {user.Label} && systemctl restart gitlab-runner";
        return (uri, answered) switch
        {
            _ when tooLong is not null => Checks.Socket.Problem($"libvirt at {uri} cannot make its socket {tooLong.Path}: {tooLong.Excess}", tooLong.Fix),
            (not LibvirtUri.System, true) => Checks.Socket.Ok(
                user.Id == looking.Id ? $"{user.Label} may use libvirt at {uri}" : $"{looking.Label} may use libvirt at {uri}; {user.Label}, as whom the runner runs, was not tried"),
            (not LibvirtUri.System, false) => Checks.Socket.Skipped("libvirt cannot be asked: see 'libvirt'"),
            (_, true) when user.Id == looking.Id => Checks.Socket.Ok($"{user.Label} may use libvirt's socket"),
            _ when user.Id == 0 => answered ? Checks.Socket.Ok("the runner runs as root, who may use libvirt's socket") : Checks.Socket.Skipped("libvirt cannot be asked: see 'libvirt'"),
            _ when !user.Groups.Contains("libvirt") => Checks.Socket.Of(
                answered ? CheckStatus.Warning : CheckStatus.Problem,
                $"{user.Label} is not in the group libvirt: it may use libvirt's socket only if polkit has a rule for it", join),
            (_, true) => Checks.Socket.Ok($"{user.Label} is in the group libvirt"),
            _ => Checks.Socket.Skipped("libvirt cannot be asked: see 'libvirt'"),
        };
    }
}
