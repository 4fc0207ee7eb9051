using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Images;
using VmExecutor.Core.Values;
using VmExecutor.Host.Guests;

namespace VmExecutor.Publishing;

/// <summary>Tries a new generation in a clone of it before any job gets it, and learns what is pinned from then on.</summary>
internal sealed class Probe(OwnClone clones, IGuestShell guestShell, OwnScript scripts, TimeProvider time)
{
    /// <exception cref="SystemFailureException">It did not pass; the message says why.</exception>
    public async Task<ProbeRecord> RunAsync(ImageDefinition image, Generation generation, JobLog log, CancellationToken cancellationToken)
    {
        try
        {
            // The hook is for jobs: it wants their variables, and may talk to the world outside.
            return await clones.UseAsync(
                image with { PrepareHook = null }, generation, log, clone => ExamineAsync(image, clone, log, cancellationToken), cancellationToken);
        }
        catch (DriverException e) when (e.Code != ErrorCodes.ProbeFailed)
        {
            throw new SystemFailureException(
                ErrorCodes.ProbeFailed, $"the probe of the new generation of image '{image.Name}' failed: {e.Message}", e.Hint, e);
        }
    }

    private async Task<ProbeRecord> ExamineAsync(ImageDefinition image, StartedClone clone, JobLog log, CancellationToken cancellationToken)
    {
        var answer = await guestShell.RunCommandAsync(clone.Access, ProbeChecks.Text, null, cancellationToken);
        var problems = ProbeChecks.Problems(answer.StandardOutput, time.GetUtcNow(), image.Publish.MinFreeDisk).ToList();
        if (problems.Count == 0
            && image.Publish.Probe is { } script
            && await RunScriptAsync(clone.Access, script, log, cancellationToken) is { Succeeded: false } exit)
        {
            problems.Add($"the probe script {script} ended with {exit}");
        }

        return problems.Count == 0
            ? new ProbeRecord(time.GetUtcNow(), clone.Seconds.GetValueOrDefault("boot"), HostKeys(image, clone))
            : throw new SystemFailureException(
                ErrorCodes.ProbeFailed,
                $"the probe of the new generation of image '{image.Name}' failed: {string.Join("; ", problems)}",
                "Jobs go on with the current generation. Correct the source and publish again.");
    }

    private Task<ScriptExit> RunScriptAsync(GuestAccess access, AbsolutePath script, JobLog log, CancellationToken cancellationToken)
    {
        var text = OwnScript.Read(script, "probe script");
        log.Say($"running {script} in a clone");
        return scripts.RunAsync(access, text, $"the probe script {script}", ErrorCodes.ProbeFailed, cancellationToken);
    }

    /// <summary>What the administrator says, else what ssh has met. A guest that is given a key for each job has none to pin.</summary>
    private static IReadOnlyList<string> HostKeys(ImageDefinition image, StartedClone clone) => image.Ssh switch
    {
        { Login: LoginMethod.CloudInit } => [],
        { HostKeys: { Count: > 0 } said } => said,
        _ => clone.HostKeys,
    };
}
