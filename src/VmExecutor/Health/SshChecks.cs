using VmExecutor.Core.Health;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Files;
using VmExecutor.Host.Health;
using VmExecutor.Host.Processes;

namespace VmExecutor.Health;

/// <summary>The way into guests: ssh and the images' keys.</summary>
internal sealed class SshChecks(SettingsLook settings, RunnerLook runner, IToolRunner tools)
{
    private static readonly TimeSpan ToolLimit = TimeSpan.FromSeconds(10);

    public IReadOnlyList<HealthCheck> All =>
    [
        // ssh(1) -V writes to stderr.
        new(Checks.Ssh, async token => ToolVersions.DecideSsh((await tools.RunAsync(new ToolCall("ssh", ["-V"]) { Timeout = ToolLimit }, token)).EnsureSuccess().StandardError)),
        new(Checks.SshKeys, KeysAsync),
    ];

    private async Task<IReadOnlyList<Finding>> KeysAsync(CancellationToken cancellationToken)
    {
        var (looking, running) = await runner.UsersAsync(cancellationToken);
        var keys = settings.Images.Where(image => image.Ssh.Key is not null).Select(image => (Name: image.Name.Value, Key: image.Ssh.Key!)).ToList();
        return keys.Count == 0
            ? [Checks.SshKeys.Skipped(settings.HasImages ? "no image has a key in a file" : "the images are not known: see 'config'")]
            : [.. keys.GroupBy(image => image.Key, image => image.Name).Select(key =>
            {
                var stat = FileStat.TryRead(key.Key);
                return KeyRules.Decide(new KeyLook([.. key], key.Key, stat?.Owner, stat?.Mode ?? default, ProcessUser.MayReadFrom(key.Key), FileContents.OfKey(key.Key)), running ?? looking);
            })];
    }
}
