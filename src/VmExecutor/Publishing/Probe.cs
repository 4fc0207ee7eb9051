using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Images;
using VmExecutor.Core.Values;
using VmExecutor.Host;
using VmExecutor.Observing;

namespace VmExecutor.Publishing;

/// <summary>
/// Tries a new generation in a clone of it before any job gets it, and learns the host keys that are pinned from then on.
/// </summary>
internal sealed class Probe(Machine machine)
{
    private readonly OwnClone _clones = new(machine);
    private readonly OwnScript _scripts = new(machine);

    /// <exception cref="SystemFailureException">It did not pass; the message says why.</exception>
    public async Task<ProbeRecord> RunAsync(ImageDefinition image, Generation generation, JobLog log, CancellationToken cancellationToken)
    {
        try
        {
            // The hook is for jobs: it wants their variables, and may talk to the world outside.
            var bare = image with { PrepareHook = null };
            var (record, areKeysSure) = await _clones.UseAsync(bare, generation, log, clone => ExamineAsync(image, clone, log, cancellationToken), cancellationToken);
            if (!areKeysSure)
            {
                log.Say("its ssh host keys are not older than this boot; starting another clone to see whether they change");
                EnsureSame(image, record.HostKeys, await _clones.UseAsync(bare, generation, log, clone => Task.FromResult(clone.HostKeys), cancellationToken));
            }

            return record;
        }
        catch (DriverException e) when (e.Code != ErrorCodes.ProbeFailed)
        {
            throw new SystemFailureException(
                ErrorCodes.ProbeFailed, $"the probe of the new generation of image '{image.Name}' failed: {e.Message}", e.Hint, e);
        }
    }

    /// <summary>Each job pins the keys of the probe: a guest that makes other keys at each boot would be refused by every one of them.</summary>
    private static void EnsureSame(ImageDefinition image, IReadOnlyList<string> first, IReadOnlyList<string> second)
    {
        if (!first.ToHashSet(StringComparer.Ordinal).SetEquals(second))
        {
            throw new SystemFailureException(
                ErrorCodes.ProbeFailed,
                $"the probe of the new generation of image '{image.Name}' failed: its guest has other ssh host keys at each boot ('{string.Join("', '", first)}', then '{string.Join("', '", second)}'), so every job would refuse it (VMX1405)",
                "Make the keys once in the base image, as root: ssh-keygen -A. Switch off what makes them anew at each boot (for cloud-init: 'ssh_deletekeys: false'). "
                + "Or give each job's guest a key of its own: 'ssh: {login: cloud-init}' in the image's YAML. Or let each job believe the key of its first contact: 'ssh: {pin: job}'. Jobs go on with the current generation.");
        }
    }

    private async Task<(ProbeRecord Record, bool AreKeysSure)> ExamineAsync(ImageDefinition image, StartedClone clone, JobLog log, CancellationToken cancellationToken)
    {
        if (clone.Access.CountsConnections)
        {
            log.Warn("the guest's ssh server answered and then refused a connection for a while: a firewall in the image seems to count new connections ('ufw limit ssh'), which delays jobs; let it allow ssh without a limit: ufw allow ssh");
        }

        var answer = await machine.GuestShell.RunCommandAsync(clone.Access, ProbeChecks.Text, null, cancellationToken);
        var problems = ProbeChecks.Problems(answer.StandardOutput, machine.Time.GetUtcNow(), image.Publish.MinFreeDisk).ToList();
        var quoting = problems.Count == 0 ? await new QuotingProbe(_scripts).RunAsync(image.Shell, clone.Access, cancellationToken) : new QuotingAnswer(null, null);
        problems.AddRange(new[] { quoting.Problem }.OfType<string>());
        if (problems.Count == 0
            && image.Publish.Probe is { } script
            && await RunScriptAsync(clone.Access, script, log, cancellationToken) is { Succeeded: false } exit)
        {
            problems.Add($"the probe script {script} ended with {exit}");
        }

        var keys = HostKeys(image, clone);
        var arePinned = keys.Count > 0 && image.Ssh.HostKeys.Count == 0;
        var hasRunner = ProbeChecks.HasRunner(answer.StandardOutput);
        if (quoting.NeedsPosix == true)
        {
            log.Warn($"the sh of image '{image.Name}' cannot read the scripts that GitLab Runner writes by default: set {RunnerQuoting.PosixFlag} = true in [runners.feature_flags] of config.toml, or each of its jobs ends with exit code 127");
        }

        if (problems.Count == 0 && hasRunner == false && !image.Tools.Any(tool => tool.Source is null))
        {
            log.Say($"image '{image.Name}' has no gitlab-runner: artifacts and caches of its jobs are left out. 'tools: [gitlab-runner]' puts it there");
        }

        return problems.Count == 0
            ? (
                new ProbeRecord(machine.Time.GetUtcNow(), clone.Seconds.GetValueOrDefault("boot"), keys) { NeedsPosixQuoting = quoting.NeedsPosix, HasRunner = hasRunner, HasStepRunner = ProbeChecks.HasStepRunner(answer.StandardOutput) },
                !arePinned || ProbeChecks.AreOlderThanTheBoot(answer.StandardOutput, keys))
            : throw new SystemFailureException(
                ErrorCodes.ProbeFailed,
                $"the probe of the new generation of image '{image.Name}' failed: {string.Join("; ", problems)}",
                "Jobs go on with the current generation. Correct the source and publish again.");
    }

    private Task<ScriptExit> RunScriptAsync(GuestAccess access, AbsolutePath script, JobLog log, CancellationToken cancellationToken)
    {
        var text = OwnScript.Read(script, "probe script");
        log.Say($"running {script} in a clone");
        return _scripts.RunAsync(access, text, $"the probe script {script}", ErrorCodes.ProbeFailed, cancellationToken);
    }

    /// <summary>
    /// The host keys: those that the administrator names, else those that ssh has met. A guest that is given a key for each job, or makes one at
    /// each boot, has none to pin.
    /// </summary>
    private static IReadOnlyList<string> HostKeys(ImageDefinition image, StartedClone clone) => image.Ssh switch
    {
        { Login: LoginMethod.CloudInit } or { Pin: HostKeyPin.Job } => [],
        { HostKeys: { Count: > 0 } said } => said,
        _ => clone.HostKeys,
    };
}
