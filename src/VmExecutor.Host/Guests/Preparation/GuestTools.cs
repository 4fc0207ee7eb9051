using System.Globalization;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Guests.Preparation;
using VmExecutor.Core.Images;
using VmExecutor.Host.Files;
using VmExecutor.Host.Processes;
using VmExecutor.Host.Runner;

namespace VmExecutor.Host.Guests.Preparation;

/// <summary>Puts files and directories of the host into a guest, over the kept connection, in one stream each.</summary>
public sealed class GuestTools
{
    private readonly IGuestShell _guest;
    private readonly ToolSources _sources;

    /// <param name="guest">The guest's shell.</param>
    /// <param name="environment">In its PATH the runner's executable is looked for, if no runner started us and none runs.</param>
    /// <param name="host">Where a runner may run.</param>
    public GuestTools(IGuestShell guest, ToolEnvironment environment, RunnerHost host)
        : this(guest, environment, host, ProcessTable.Parent().Pid)
    {
    }

    internal GuestTools(IGuestShell guest, ToolEnvironment environment, RunnerHost host, int starter)
    {
        _guest = guest;
        _sources = new ToolSources(starter, environment, host);
    }

    /// <summary>The tools as they are on the host now, for the record of a generation.</summary>
    /// <exception cref="SystemFailureException"><see cref="ErrorCodes.ToolNotDelivered"/>.</exception>
    public IReadOnlyList<GenerationTool> Describe(IReadOnlyList<ToolSettings> tools) =>
        [.. tools.Select(_sources.Find).Select(tool => new GenerationTool(tool.Target, tool.Fingerprint))];

    /// <summary>
    /// Copies the tools that are not there yet. The record of the generation that the guest's disk stands on says which are there; the
    /// guest itself is not asked. The copies are on the guest's disk when this returns.
    /// </summary>
    /// <param name="access">The guest; its connection is open.</param>
    /// <param name="tools">The tools that it gets.</param>
    /// <param name="already">What was put there when the image was published.</param>
    /// <param name="tell">Told in a sentence of each tool that is copied, and why.</param>
    /// <param name="cancellationToken">Ends the copying.</param>
    /// <returns>All of them, for the record of a generation.</returns>
    /// <exception cref="SystemFailureException"><see cref="ErrorCodes.ToolNotDelivered"/>.</exception>
    public async Task<IReadOnlyList<GenerationTool>> DeliverAsync(
        GuestAccess access,
        IReadOnlyList<ToolSettings> tools,
        IReadOnlyList<GenerationTool> already,
        Action<string> tell,
        CancellationToken cancellationToken)
    {
        HostTool[] found = [.. tools.Select(_sources.Find)];
        GenerationTool[] delivered = [.. found.Select(tool => new GenerationTool(tool.Target, tool.Fingerprint))];
        var missing = found.Where((_, index) => !already.Contains(delivered[index])).ToList();
        foreach (var tool in missing)
        {
            tell(string.Create(CultureInfo.InvariantCulture, $"{tool.Name} ({tool.Bytes / 1048576.0:0.0} MiB) is put into the guest at {tool.Target}{Why(tool, already)}"));
            await DeliverAsync(access, tool, cancellationToken).ConfigureAwait(false);
        }

        if (missing.Count > 0)
        {
            await _guest.RunCommandAsync(access, "sync", null, cancellationToken).ConfigureAwait(false);
        }

        return delivered;
    }

    private static string Why(HostTool tool, IReadOnlyList<GenerationTool> already) =>
        already.Any(known => known.Target == tool.Target) ? ": it differs from the one that was published with the image; publish the image again to save this" : "";

    private async Task DeliverAsync(GuestAccess access, HostTool tool, CancellationToken cancellationToken)
    {
        var placement = new ToolPlacement(tool.Target, Guid.NewGuid().ToString("N")[..8]);
        try
        {
            Ensure(tool, access, await SendAsync(access, tool, placement, cancellationToken).ConfigureAwait(false));
            var finish = placement.Finish(tool.Mode, tool.IsDirectory ? null : tool.Bytes);
            Ensure(tool, access, await _guest.RunCommandAsync(access, finish, null, cancellationToken).ConfigureAwait(false));
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            await _guest.RunCommandAsync(access, placement.GiveUp, null, cancellationToken).ConfigureAwait(false);
            throw Failure(tool, access, e.Message, "Let the runner's user read all of it, and do not change it while it is copied.", e);
        }
        catch (SystemFailureException e) when (e.Code == ErrorCodes.ToolNotDelivered)
        {
            await _guest.RunCommandAsync(access, placement.GiveUp, null, cancellationToken).ConfigureAwait(false);
            throw;
        }
    }

    private async Task<GuestCommandResult> SendAsync(GuestAccess access, HostTool tool, ToolPlacement placement, CancellationToken cancellationToken)
    {
        if (tool.IsDirectory)
        {
            return await TarStream.ReadAsync(
                tool.Path, archive => _guest.RunCommandAsync(access, placement.ReceiveDirectory, archive, cancellationToken), cancellationToken).ConfigureAwait(false);
        }

        var content = HostFile.OpenRead(tool.Path.Value);
        await using (content.ConfigureAwait(false))
        {
            return await _guest.RunCommandAsync(access, placement.ReceiveFile, content, cancellationToken).ConfigureAwait(false);
        }
    }

    private static void Ensure(HostTool tool, GuestAccess access, GuestCommandResult result)
    {
        switch (result.ExitCode)
        {
            case 0:
                return;
            case ToolPlacement.NotAllowed:
                throw Failure(
                    tool,
                    access,
                    $"'{access.User}' may not write there, and 'sudo -n' does not work",
                    "Let the image's ssh.user run sudo without a password and without a terminal (no 'requiretty'), or name a place under 'tools' where that user may write.");
            case ToolPlacement.OfOtherKind:
                throw Failure(
                    tool,
                    access,
                    tool.IsDirectory ? "there is something there that is no directory" : "there is a directory",
                    "Name the file's or directory's own path in the guest under 'tools', not the directory that it is to be in.");
            default:
                throw Failure(
                    tool,
                    access,
                    result.StandardError.Trim() is { Length: > 0 } said ? said : $"the guest's shell ended with exit code {result.ExitCode}",
                    "Is the guest's disk full or read-only? See 'tools' in the image's YAML.");
        }
    }

    private static SystemFailureException Failure(HostTool tool, GuestAccess access, string why, string hint, Exception? inner = null) => new(
        ErrorCodes.ToolNotDelivered, $"{tool.Name} could not be put into the guest {access} at {tool.Target}: {why}", hint, inner);
}
