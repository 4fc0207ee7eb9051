using VmExecutor.Core.Health;
using VmExecutor.Host.Files;
using VmExecutor.Host.Health;
using VmExecutor.Host.Libvirt;
using VmExecutor.Host.Runner;

namespace VmExecutor.Health;

/// <summary>Looks at users: who runs this, as whom GitLab Runner runs, who owns <c>state_dir</c>, and who may use libvirt.</summary>
/// <param name="config">Names <c>state_dir</c>.</param>
/// <param name="libvirt">That of the jobs.</param>
/// <param name="accounts">Looks users up.</param>
/// <param name="runner">The GitLab Runner of this host, looked for once; null: none was seen.</param>
internal sealed class UserLook(ConfigLook config, LibvirtLook libvirt, Accounts accounts, Lazy<GitLabRunner?> runner)
{
    public IReadOnlyList<HealthCheck> All =>
    [
        new(Checks.Socket, SocketAsync),
        new(Checks.RunnerUser, RunnerUserAsync),
    ];

    /// <summary>The user of this process, and the user of a running runner.</summary>
    public async Task<(Account Looking, Account? Running)> FindAsync(CancellationToken cancellationToken)
    {
        var looking = await accounts.FindAsync(ProcessUser.Id, cancellationToken);
        return (looking, runner.Value is { User: var user } ? user == looking.Id ? looking : await accounts.FindAsync(user, cancellationToken) : null);
    }

    private async Task<Finding> SocketAsync(CancellationToken cancellationToken)
    {
        var (looking, running) = await FindAsync(cancellationToken);
        var uri = libvirt.Hypervisor.Uri;
        return UserRules.DecideSocket(uri, looking, running, await libvirt.TryAskAsync(cancellationToken) is not null, SessionDaemon.TooLong(uri));
    }

    private async Task<Finding> RunnerUserAsync(CancellationToken cancellationToken)
    {
        if (config.Settings is not { StateDir: var stateDir })
        {
            return Checks.RunnerUser.WithoutStateDir();
        }

        var (looking, running) = await FindAsync(cancellationToken);
        var owner = FileStat.TryRead(stateDir) is { Owner: var id } ? await accounts.FindAsync(id, cancellationToken) : null;
        return UserRules.DecideRunnerUser(looking, running, stateDir, owner);
    }
}
