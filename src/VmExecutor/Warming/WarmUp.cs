using System.Security.Cryptography;
using System.Text;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Guests.Identity;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using VmExecutor.Host.Guests;
using VmExecutor.Host.Guests.Identity;
using VmExecutor.Publishing;

namespace VmExecutor.Warming;

/// <summary>What is in a template's memory need not be read by any clone: everything that each job does is done once, after what booting has left was thrown away.</summary>
internal sealed class WarmUp(IGuestShell guestShell, IdentityChanger identity, Stream output, Stream error, TimeProvider time)
{
    private const int LongestScript = 1 << 20;
    private static readonly TimeSpan ScriptLimit = TimeSpan.FromMinutes(10);

    // The guest's sshd ends the process of a connection that was closed; nobody can be asked whether it has.
    private static readonly TimeSpan SessionEnds = TimeSpan.FromSeconds(1);

    private static readonly byte[] Usual = Encoding.UTF8.GetBytes("git --version\n");

    /// <summary>Afterwards the guest is on its own: no connection is open.</summary>
    /// <exception cref="SystemFailureException"><see cref="ErrorCodes.WarmUpFailed"/>; or the guest cannot be given an identity.</exception>
    public async Task RunAsync(ImageDefinition image, GuestAccess access, PublishLog log, CancellationToken cancellationToken)
    {
        // First of all whether its clones can be given an identity of their own.
        await identity.ChangeAsync(access, Identity(access), cancellationToken);
        await guestShell.RunCommandAsync(access, AsRoot("sync; echo 3 > /proc/sys/vm/drop_caches"), null, cancellationToken);
        var script = image.Warm.Script is { } file ? Read(file) : Usual;
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

        await guestShell.CloseAsync(access, cancellationToken);
        await guestShell.ConnectAsync(access, image.Timeouts.Ssh, _ => Task.CompletedTask, cancellationToken);
        await identity.ChangeAsync(access, Identity(access), cancellationToken);
        await guestShell.RunCommandAsync(access, "sync", null, cancellationToken);
        await guestShell.CloseAsync(access, cancellationToken);
        await Task.Delay(SessionEnds, time, cancellationToken);
    }

    /// <summary>Whether a clone runs scripts as a job's would.</summary>
    public async Task ProveAsync(ImageDefinition image, GuestAccess access, CancellationToken cancellationToken)
    {
        var exit = await RunScriptAsync(image, access, Encoding.UTF8.GetBytes("exit 3\n"), cancellationToken);
        if (exit.ExitCode != 3)
        {
            throw new SystemFailureException(
                ErrorCodes.TemplateNotMade, $"a script in a clone of the template of image '{image.Name}' ended with {exit} in place of exit code 3", "Try again; then see the guest's log.");
        }
    }

    private async Task<ScriptExit> RunScriptAsync(ImageDefinition image, GuestAccess access, byte[] script, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(ScriptLimit, time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            return (await guestShell.RunScriptAsync(access, script, output, error, token => Task.Delay(Timeout.InfiniteTimeSpan, token), stop.Token)).Exit;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new SystemFailureException(
                ErrorCodes.WarmUpFailed,
                $"the warm-up of image '{image.Name}' did not end within {DurationText.Format(ScriptLimit)}",
                "See what its script waits for.");
        }
    }

    private static string AsRoot(string text) => $"if [ \"$(id -u)\" = 0 ]; then sh -c \"{text}\"; else sudo -n sh -c \"{text}\"; fi";

    private static FreshIdentity Identity(GuestAccess access) => new()
    {
        Hostname = access.Domain.Value,
        MachineId = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)),
        Seed = RandomNumberGenerator.GetBytes(64),
    };

    private static byte[] Read(AbsolutePath script)
    {
        try
        {
            return RegularFile.Read(script, LongestScript);
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw new HostFileException($"the warm-up script {script} cannot be read", e);
        }
    }
}
