using VmExecutor.Core.Clones;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Guests;
using VmExecutor.Host.Processes;
using VmExecutor.Stages;

namespace VmExecutor.Trials;

/// <summary>
/// Brings a repository of the host into the guest as a git bundle over the kept connection, so that get_sources can clone it
/// whatever network the guest has. Only what is committed comes along.
/// </summary>
internal sealed class TrialBundle(IToolRunner tools, IGuestShell guestShell)
{
    /// <returns>0; a failure is an exception.</returns>
    /// <exception cref="SystemFailureException">It is no repository, or the guest did not take it.</exception>
    public async Task<int> SendAsync(AbsolutePath repository, Job job, JobPaths paths, CancellationToken cancellationToken)
    {
        var bundle = paths.Directory.Child("try.bundle");
        var made = await tools.RunAsync(
            new ToolCall("git", ["-C", repository.Value, "bundle", "create", "--quiet", bundle.Value, "HEAD", "--branches", "--tags"]), cancellationToken);
        if (made.ExitCode != 0)
        {
            throw new SystemFailureException(
                ErrorCodes.ToolFailed,
                $"no bundle could be made of {repository}: {made.StandardError.Trim()}",
                "--repo takes the directory of a git repository with at least one commit.");
        }

        var access = GuestOfJob.Access(job.Key, paths, new JobDirectory(job.Key, paths).Read());
        await using var content = File.OpenRead(bundle.Value);
        var stored = await guestShell.RunCommandAsync(access, $"exec cat >{TrialScript.GuestBundle}", content, cancellationToken);
        File.Delete(bundle.Value);
        return stored.ExitCode == 0
            ? 0
            : throw new SystemFailureException(
                ErrorCodes.GuestCannotRunScripts,
                $"the repository could not be stored in the guest: {stored.StandardError.Trim()}",
                "Is the guest's /tmp large enough?");
    }
}
