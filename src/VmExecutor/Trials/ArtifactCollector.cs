using System.Globalization;
using System.Text;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;
using VmExecutor.GitlabCi;
using VmExecutor.GitlabCi.Artifacts;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Files;
using VmExecutor.Host.Guests;
using VmExecutor.Observing;
using VmExecutor.Starting;

namespace VmExecutor.Trials;

/// <summary>Brings a job's artifacts from its guest into a directory of the host: what they are is decided here, not by the guest.</summary>
internal sealed class ArtifactCollector(IGuestShell guestShell, JobLog log, long longestArchive = ArtifactCollector.LongestArchive)
{
    /// <summary>Names of some hundred thousand files.</summary>
    internal const int LongestList = 16 << 20;

    /// <summary>No artifacts are larger; GitLab itself takes 100 MB, if its administrator says nothing else.</summary>
    internal const long LongestArchive = 16L << 30;

    private const int LongestComplaint = 64 * 1024;

    /// <returns>0; a failure is an exception.</returns>
    /// <exception cref="SystemFailureException"><see cref="ErrorCodes.ArtifactsNotKept"/>, or the guest is lost.</exception>
    public async Task<int> CollectAsync(
        CiArtifacts artifacts, IReadOnlyDictionary<string, string> variables, string project, AbsolutePath target, Job job, JobPaths paths, CancellationToken cancellationToken)
    {
        var (_, access) = GuestOfJob.Of(JobDirectory.At(paths));
        if (access.Shell == GuestShell.Pwsh)
        {
            log.Warn("artifacts of an image with 'shell: pwsh' are not brought to the host: that needs find and tar in the guest");
            return ExitCodes.Success;
        }

        var selection = new ArtifactSelection(artifacts, variables, project);
        foreach (var refused in selection.Refused)
        {
            log.Warn($"'{refused}' leads out of the project's directory or is no pattern: nothing of it is kept");
        }

        var found = selection.Roots.Count == 0 ? [] : await ListAsync(access, ArtifactScript.List(project, selection.Roots), cancellationToken);
        var untracked = artifacts.Untracked ? await ListAsync(access, ArtifactScript.ListUntracked(project), cancellationToken) : [];
        var choice = selection.Choose(found, untracked);
        foreach (var empty in choice.Empty)
        {
            log.Warn($"{empty}: no matching files");
        }

        if (choice.Files.Count == 0)
        {
            log.Say("No artifacts.");
            return ExitCodes.Success;
        }

        await FetchAsync(access, project, choice.Files, target, paths, cancellationToken);
        return ExitCodes.Success;
    }

    private async Task FetchAsync(
        GuestAccess access, string project, IReadOnlyList<string> files, AbsolutePath target, JobPaths paths, CancellationToken cancellationToken)
    {
        var archive = paths.Artifacts;
        try
        {
            await using var tar = HostFile.Open(archive.Value, new FileStreamOptions
            {
                Mode = FileMode.Create,
                Access = FileAccess.ReadWrite,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });
            HostDirectory.CreateDirectory(target.Value);
            using (var bounded = new BoundedStream(tar, Room(archive.Parent())))
            {
                await RunAsync(access, ArtifactScript.Pack(project, files), bounded, "packed", cancellationToken);
            }

            tar.Position = 0;
            var unpacked = TarFiles.Unpack(tar, target, files.ToHashSet(StringComparer.Ordinal), Room(target));
            if (unpacked.Links.Count > 0)
            {
                log.Warn($"symbolic links are not kept: {string.Join(", ", unpacked.Links.Take(5))}{(unpacked.Links.Count > 5 ? ", …" : "")}");
            }

            log.Say(string.Create(
                CultureInfo.InvariantCulture, $"{Quantity.Of(unpacked.Files, "artifact")} ({unpacked.Bytes / 1048576.0:0.0} MiB) in {target}"));
        }
        catch (InvalidDataException e)
        {
            throw new SystemFailureException(
                ErrorCodes.ArtifactsNotKept, $"the archive from the guest is refused: {e.Message}", "See what the job's artifacts are; with --keep the VM stays to look.", e);
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw new SystemFailureException(ErrorCodes.ArtifactsNotKept, $"the artifacts could not be kept in {target}: {e.Message}", "Give another directory: --artifacts DIR", e);
        }
        finally
        {
            HostFile.TryDelete(archive.Value);
        }
    }

    /// <summary>The number of bytes that a guest may send into a directory: it must not fill the disk.</summary>
    private long Room(AbsolutePath directory) => Math.Min(longestArchive, HostDirectory.Room(directory.Value).Free / 2);

    private async Task<IReadOnlyList<string>> ListAsync(GuestAccess access, string script, CancellationToken cancellationToken)
    {
        using var listed = new BoundedStream(LongestList);
        await RunAsync(access, script, listed, "listed", cancellationToken);
        return [.. listed.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(ArtifactScript.Plain)];
    }

    private async Task RunAsync(GuestAccess access, string script, BoundedStream output, string what, CancellationToken cancellationToken)
    {
        using var complaints = new BoundedStream(LongestComplaint) { DropsRest = true };
        ScriptRun run;
        try
        {
            run = await guestShell.RunScriptAsync(
                access, new GuestScript("artifacts", Encoding.UTF8.GetBytes(script)), output, complaints, token => Task.Delay(Timeout.InfiniteTimeSpan, token), cancellationToken);
        }
        catch (Exception e) when (output.WasCut && !cancellationToken.IsCancellationRequested && e is IOException or SystemFailureException)
        {
            throw TooMuch(output, what);
        }

        if (output.WasCut)
        {
            throw TooMuch(output, what);
        }

        if (!run.Exit.Succeeded || run.OutputMayBeCut)
        {
            throw new SystemFailureException(
                ErrorCodes.ArtifactsNotKept,
                $"the artifacts could not be {what} in the guest: {PlainText.OneLine(complaints.Text.Trim(), 500)}",
                "It needs find and tar, and for 'untracked' git; with --keep the VM stays to look.");
        }
    }

    private static SystemFailureException TooMuch(BoundedStream output, string what) => new(
        ErrorCodes.ArtifactsNotKept,
        string.Create(CultureInfo.InvariantCulture, $"the artifacts could not be {what} in the guest: it sent more than {output.Length} bytes, and no more are taken"),
        "Name fewer files in artifacts:paths, or take some out with artifacts:exclude. At most 16 GiB come to the host, and half of what is free on its disk.");
}
