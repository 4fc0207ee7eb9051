using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Guests.Preparation;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Guests.Preparation;

/// <summary>Runs the administrator's script in a guest before the job's own.</summary>
public sealed class PrepareHook(IGuestShell guest, TimeProvider time)
{
    /// <summary>A script of more bytes is a mistake.</summary>
    private const int LongestBytes = 16 << 20;

    /// <param name="hook">The script and its time limit.</param>
    /// <param name="access">The guest.</param>
    /// <param name="variables">What it gets of the job; it travels by stdin.</param>
    /// <param name="output">Takes the script's stdout.</param>
    /// <param name="error">Takes its stderr.</param>
    /// <param name="watch">Ends the wait by throwing when the domain has died.</param>
    /// <param name="cancellationToken">Ends the script.</param>
    /// <exception cref="SystemFailureException"><see cref="ErrorCodes.PrepareHookFailed"/>: it is missing, failed, or took too long.</exception>
    public async Task RunAsync(
        HookSettings hook,
        GuestAccess access,
        JobVariables variables,
        Stream output,
        Stream error,
        Func<CancellationToken, Task> watch,
        CancellationToken cancellationToken)
    {
        var script = new GuestScript(hook.Script.Name, Text(hook, access, variables));
        using var over = new CancellationTokenSource(hook.Timeout, time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, over.Token);
        ScriptRun run;
        try
        {
            run = await guest.RunScriptAsync(access, script, output, error, watch, stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw Failure(
                $"the prepare hook {hook.Script} did not end within {DurationText.Format(hook.Timeout)} in the guest {access}",
                "Raise 'prepare_hook: timeout' in the image's YAML, or see in its output what it waits for.");
        }

        if (!run.Exit.Succeeded)
        {
            throw Failure(
                $"the prepare hook {hook.Script} ended with {run.Exit} in the guest {access}",
                "See its output above. It is run by the image's shell as the image's ssh.user.");
        }
    }

    private static byte[] Text(HookSettings hook, GuestAccess access, JobVariables variables)
    {
        try
        {
            return HookScript.Text(access.Shell, HostFile.ReadAllBytes(hook.Script.Value, LongestBytes), variables.Values);
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw Failure(
                $"the prepare hook {hook.Script} cannot be read: {HostFileException.ReasonOf(e)}", "Correct 'prepare_hook: script' in the image's YAML, or let the runner's user read it.", e);
        }
        catch (ArgumentException e)
        {
            throw Failure(
                $"the prepare hook {hook.Script} cannot get its variables: {e.Message}", "Correct 'prepare_hook: variables' in the image's YAML, or the variable in the project's settings.", e);
        }
    }

    private static SystemFailureException Failure(string message, string hint, Exception? inner = null) =>
        new(ErrorCodes.PrepareHookFailed, message, hint, inner);
}
