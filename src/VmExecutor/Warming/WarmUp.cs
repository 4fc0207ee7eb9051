using System.Security.Cryptography;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Guests.Preparation;
using VmExecutor.Host;
using VmExecutor.Host.Guests.Preparation;
using VmExecutor.Publishing;
using VmExecutor.Starting;

namespace VmExecutor.Warming;

/// <summary>
/// Drops the page cache of the boot, then runs once the programs that every job runs, so that clones find them in memory.
/// </summary>
internal sealed class WarmUp(Machine machine)
{
    private readonly IdentityChanger _identity = new(machine.GuestShell, machine.Time);

    // The guest's sshd ends the process of a connection that was closed; there is no way to ask whether it has.
    private static readonly TimeSpan SessionEnds = TimeSpan.FromSeconds(1);

    // Longer than 'ufw limit' remembers, so that clones do not begin with the connections of the template.
    private static readonly TimeSpan FirewallForgets = TimeSpan.FromSeconds(35);

    private static readonly GuestScript Usual = new("warm-up", "git --version\n"u8.ToArray());

    /// <summary>Afterwards the guest is on its own: no connection is open.</summary>
    /// <exception cref="SystemFailureException"><see cref="ErrorCodes.WarmUpFailed"/>; or the guest cannot be given an identity.</exception>
    public async Task RunAsync(ImageDefinition image, GuestAccess access, PublishLog log, CancellationToken cancellationToken)
    {
        // First of all whether its clones can be given an identity of their own.
        await _identity.ChangeAsync(access, Identity(access), cancellationToken);
        await machine.GuestShell.RunCommandAsync(access, AsRoot("sync; echo 3 > /proc/sys/vm/drop_caches"), null, cancellationToken);
        if (image.Services is { Preload.Count: > 0, Engine: not ServiceEngine.Off })
        {
            log.Say($"fetching {ServiceStart.Names(image.Services.Preload)}");
            await new ServiceStart(machine.GuestShell, _ => null, machine.Time).PreloadAsync(image, access, cancellationToken);
        }

        var script = image.Warm.Script is { } file ? OwnScript.Read(file, "warm-up script") : Usual;
        if (image.Warm.Script is { } named)
        {
            log.Say($"warming up with {named}");
        }

        var exit = await RunScriptAsync(image, access, script, cancellationToken);
        if (image.Warm.Script is not null && !exit.Succeeded)
        {
            throw new SystemFailureException(
                ErrorCodes.WarmUpFailed,
                $"the warm-up script {image.Warm.Script} of image '{image.Name}' ended with {exit}, so no template was made",
                "Correct the script; its output is above.");
        }

        await machine.GuestShell.CloseAsync(access, cancellationToken);
        await machine.GuestShell.ConnectAsync(access, image.Timeouts.Ssh, _ => Task.CompletedTask, cancellationToken);
        await _identity.ChangeAsync(access, Identity(access), cancellationToken);
        await machine.GuestShell.RunCommandAsync(access, "sync", null, cancellationToken);
        await machine.GuestShell.CloseAsync(access, cancellationToken);
        await Task.Delay(access.CountsConnections ? FirewallForgets : SessionEnds, machine.Time, cancellationToken);
    }

    /// <summary>Proves that a clone runs scripts as a job's would.</summary>
    public async Task ProveAsync(ImageDefinition image, GuestAccess access, CancellationToken cancellationToken)
    {
        var exit = await RunScriptAsync(image, access, new GuestScript("proof", "exit 3\n"u8.ToArray()), cancellationToken);
        if (exit.ExitCode != 3)
        {
            throw new SystemFailureException(
                ErrorCodes.TemplateNotMade, $"a script in a clone of the template of image '{image.Name}' ended with {exit} in place of exit code 3", "Try again; then see the guest's log.");
        }
    }

    private Task<ScriptExit> RunScriptAsync(ImageDefinition image, GuestAccess access, GuestScript script, CancellationToken cancellationToken) =>
        new OwnScript(machine).RunAsync(access, script, $"the warm-up of image '{image.Name}'", ErrorCodes.WarmUpFailed, cancellationToken);

    private static string AsRoot(string text) => $"if [ \"$(id -u)\" = 0 ]; then sh -c \"{text}\"; else sudo -n sh -c \"{text}\"; fi";

    private static FreshIdentity Identity(GuestAccess access) => new()
    {
        Hostname = access.Domain.Value,
        MachineId = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)),
        Seed = RandomNumberGenerator.GetBytes(64),
    };
}
