using System.Text;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;

namespace VmExecutor.Publishing;

/// <summary>
/// Tests whether a guest's shell reads scripts as the runner writes them: by default, and with its feature flag where that fails.
/// </summary>
internal sealed class QuotingProbe(OwnScript scripts)
{
    public async Task<QuotingAnswer> RunAsync(GuestShell shell, GuestAccess access, CancellationToken cancellationToken)
    {
        if (!QuotingCheck.Concerns(shell) || await TryAsync(shell, access, posix: false, cancellationToken) is null)
        {
            return new QuotingAnswer(QuotingCheck.Concerns(shell) ? false : null, null);
        }

        return await TryAsync(shell, access, posix: true, cancellationToken) is { } exit ? new QuotingAnswer(null, QuotingCheck.Problem(shell, exit)) : new QuotingAnswer(true, null);
    }

    /// <summary>The script's exit; null: it ended well.</summary>
    private async Task<ScriptExit?> TryAsync(GuestShell shell, GuestAccess access, bool posix, CancellationToken cancellationToken)
    {
        var script = new GuestScript("quoting-probe", Encoding.UTF8.GetBytes(QuotingCheck.Script(shell, posix)));
        var (exit, output) = await scripts.CaptureAsync(access, script, "a script as the runner writes it", ErrorCodes.ProbeFailed, cancellationToken);
        return QuotingCheck.Passed(exit, output) ? null : exit;
    }
}

/// <summary>The result of the test of a guest's shell.</summary>
/// <param name="NeedsPosix">Whether it reads the runner's scripts only with <see cref="RunnerQuoting.PosixFlag"/>; null: not known, or PowerShell.</param>
/// <param name="Problem">Set: it reads them in neither way.</param>
internal sealed record QuotingAnswer(bool? NeedsPosix, string? Problem);
