using VmExecutor.Core.Clones;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Files;
using VmExecutor.Host.Guests;
using VmExecutor.Host.Processes;
using VmExecutor.Starting;

namespace VmExecutor.Trials;

/// <summary>
/// Brings a repository of the host into the guest as a git bundle over the kept connection, so that get_sources can clone it
/// whatever network the guest has.
/// </summary>
internal sealed class TrialBundle(IToolRunner tools, IGuestShell guestShell)
{
    /// <returns>0; a failure is an exception.</returns>
    /// <exception cref="SystemFailureException">It is no repository, or the guest did not take it.</exception>
    public async Task<int> SendAsync(TrialSources sources, Job job, JobPaths paths, CancellationToken cancellationToken)
    {
        // Only this user may look in: changes that are not committed may be private.
        var work = paths.Trial;
        StateDirectories.Make(work, StateDirectories.Private);
        var bundle = work.Child("bundle");
        if (sources.WithChanges)
        {
            await BundleChangesAsync(sources.Repository, work.Child("copy"), bundle, cancellationToken);
        }
        else
        {
            await GitAsync(sources.Repository, ["-C", sources.Repository.Value, "bundle", "create", "--quiet", bundle.Value, "HEAD", "--branches", "--tags"], cancellationToken);
        }

        var (_, access) = GuestOfJob.Of(JobDirectory.At(paths));
        GuestCommandResult stored;
        await using (var content = HostFile.OpenRead(bundle.Value))
        {
            stored = await guestShell.RunCommandAsync(access, $"exec cat >{TrialScript.GuestBundle}", content, cancellationToken);
        }

        HostDirectory.Delete(work.Value, recursive: true);
        return stored.ExitCode == 0
            ? 0
            : throw new SystemFailureException(
                ErrorCodes.GuestCannotRunScripts,
                $"the repository could not be stored in the guest: {stored.StandardError.Trim()}",
                "Is the guest's /tmp large enough?");
    }

    /// <summary>Looks whether there is something to send; the repository is only read.</summary>
    /// <exception cref="SystemFailureException">It is no repository, or has no commit.</exception>
    public Task EnsureSendableAsync(TrialSources sources, CancellationToken cancellationToken) =>
        GitAsync(sources.Repository, ["-C", sources.Repository.Value, "rev-parse", "--verify", "HEAD"], cancellationToken);

    /// <summary>A commit of the working tree on top of HEAD, in a repository of its own that borrows the objects: the user's is not touched.</summary>
    private async Task BundleChangesAsync(AbsolutePath repository, AbsolutePath copy, AbsolutePath bundle, CancellationToken cancellationToken)
    {
        Task<string> Git(params IReadOnlyList<string> arguments) => GitAsync(repository, arguments, cancellationToken);
        IReadOnlyList<string> inside =
            ["--git-dir", copy.Value, "--work-tree", repository.Value, "-c", "core.bare=false", "-c", "user.name=vm-executor", "-c", "user.email=try@vm-executor.invalid"];
        var objects = repository.Resolve(await Git("-C", repository.Value, "rev-parse", "--git-path", "objects"));
        var head = await Git("-C", repository.Value, "rev-parse", "HEAD");
        var branch = await Git("-C", repository.Value, "rev-parse", "--symbolic-full-name", "HEAD");
        await Git("init", "--quiet", "--bare", copy.Value);
        await HostFile.WriteAllTextAsync(copy.Resolve("objects/info/alternates").Value, $"{objects}\n", cancellationToken);
        if (branch.StartsWith("refs/heads/", StringComparison.Ordinal))
        {
            await Git([.. inside, "symbolic-ref", "HEAD", branch]);
        }

        await Git([.. inside, "add", "--all"]);
        var tree = await Git([.. inside, "write-tree"]);
        var commit = await Git([.. inside, "commit-tree", tree, "-p", head, "-m", "The working tree, as vm-executor try found it"]);
        await Git([.. inside, "update-ref", "HEAD", commit]);
        await Git([.. inside, "bundle", "create", "--quiet", bundle.Value, "HEAD", "--branches"]);
    }

    private async Task<string> GitAsync(AbsolutePath repository, IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        // In the work tree: git takes '--all' and paths from where it runs.
        var done = await tools.RunAsync(new ToolCall("git", arguments) { WorkingDirectory = repository, Timeout = TimeSpan.FromMinutes(10) }, cancellationToken);
        return done.ExitCode == 0
            ? done.StandardOutput.Trim()
            : throw new SystemFailureException(
                ErrorCodes.ToolFailed,
                $"no bundle could be made of {repository}: {done.StandardError.Trim()}",
                "--repo takes the directory of a git repository with at least one commit.");
    }
}
