using VmExecutor.Core.Health;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Files;
using VmExecutor.Host.Health;
using VmExecutor.Host.Processes;

namespace VmExecutor.Health;

/// <summary>Looks at the way into guests: ssh and the images' keys.</summary>
internal sealed class SshLook(ConfigLook config, UserLook users, IToolRunner tools)
{
    public IReadOnlyList<HealthCheck> All =>
    [
        // ssh(1) -V writes to stderr.
        new(Checks.Ssh, async token => SshRules.DecideSsh((await tools.RunAsync(new ToolCall("ssh", ["-V"]) { Timeout = HealthCheck.ToolLimit }, token)).EnsureSuccess().StandardError)),
        new(Checks.SshKeys, KeysAsync),
    ];

    private async Task<IReadOnlyList<Finding>> KeysAsync(CancellationToken cancellationToken)
    {
        var (looking, running) = await users.FindAsync(cancellationToken);
        var keys = config.Images.Where(image => image.Ssh.Key is not null).Select(image => (Name: image.Name.Value, Key: image.Ssh.Key!)).ToList();
        return keys.Count == 0
            ? [config.HasImages ? Checks.SshKeys.Skipped("no image has a key in a file") : Checks.SshKeys.WithoutImages()]
            : [.. keys.GroupBy(image => image.Key, image => image.Name).Select(key =>
            {
                var stat = FileStat.TryRead(key.Key);
                return SshRules.DecideKey(new KeyState([.. key], key.Key, stat?.Owner, stat?.Mode ?? default, ProcessUser.MayReadFrom(key.Key), FileContents.OfKey(key.Key)), running ?? looking);
            })];
    }
}
