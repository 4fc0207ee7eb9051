using System.Globalization;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Waiting;

namespace VmExecutor.Host.Templates;

/// <summary>
/// Writes and reads the state of a machine whose memory is a file: a migration that leaves shared memory out (x-ignore-shared) and takes
/// some hundred kilobytes. The file is opened by us and handed to QEMU: libvirt's sandbox forbids QEMU to start programs (<c>exec:</c>), and a
/// socket of its own would need a directory that QEMU's user may write to. libvirt does the same for <c>virsh save</c>.
/// </summary>
public sealed class MemoryState(IHypervisor hypervisor, TimeProvider time)
{
    private const string LeaveMemoryOut =
        """{"execute":"migrate-set-capabilities","arguments":{"capabilities":[{"capability":"x-ignore-shared","state":true}]}}""";

    private const string TakeFile = """{"execute":"getfd","arguments":{"fdname":"vm-executor"}}""";
    private const string AddToNewSet = """{"execute":"add-fd"}""";
    private const string AskSaved = """{"execute":"query-migrate"}""";
    private const string AskStatus = """{"execute":"query-status"}""";
    private static readonly TimeSpan SaveLimit = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan SavePollInterval = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LoadPollInterval = TimeSpan.FromMilliseconds(5);

    /// <summary>
    /// Writes the state of a running domain, which stands still from then on. It is not suspended before: a state that was taken of a running
    /// guest lets each clone run by itself as soon as it is loaded.
    /// </summary>
    /// <returns>The version of the QEMU that has written it; null: it does not say.</returns>
    /// <exception cref="SystemFailureException">QEMU could not, or the file cannot be written.</exception>
    public async Task<string?> SaveAsync(string domain, AbsolutePath file, CancellationToken cancellationToken)
    {
        using var handle = Open(file, FileMode.CreateNew, FileAccess.Write);
        var qemu = new QemuMonitor(hypervisor, domain);
        var version = await qemu.AskVersionAsync(cancellationToken).ConfigureAwait(false);
        await qemu.TellAsync(LeaveMemoryOut, null, cancellationToken).ConfigureAwait(false);
        var (uri, _) = await HandOverAsync(qemu, version, handle, cancellationToken).ConfigureAwait(false);
        await qemu.TellAsync(Migrate("migrate", uri), null, cancellationToken).ConfigureAwait(false);
        string? state = null;
        var ended = await new Poll(SaveLimit, SavePollInterval, time).UntilAsync(
            async token =>
            {
                var answer = await qemu.TellAsync(AskSaved, null, token).ConfigureAwait(false);
                state = Text(answer, "status");
                return state is "failed" or "cancelled" ? throw qemu.Failure($"QEMU could not write the state of {domain}: {answer}") : state == "completed";
            },
            cancellationToken).ConfigureAwait(false);
        return ended ? version : throw qemu.Failure($"QEMU had not written the state of {domain} after {DurationText.Format(SaveLimit)} (it is '{state}')");
    }

    /// <summary>Reads a state into a domain that waits for it; when this returns, its guest runs. It has no limit of its own: a whole warm start has one.</summary>
    /// <exception cref="SystemFailureException">QEMU did not take it: with <see cref="ErrorCodes.TemplateNotLoaded"/> and its last words.</exception>
    public async Task LoadAsync(string domain, AbsolutePath file, CancellationToken cancellationToken)
    {
        using var handle = Open(file, FileMode.Open, FileAccess.Read);
        string? state = null;
        var qemu = new QemuMonitor(hypervisor, domain);
        try
        {
            var version = await qemu.AskVersionAsync(cancellationToken).ConfigureAwait(false);
            await qemu.TellAsync(LeaveMemoryOut, null, cancellationToken).ConfigureAwait(false);
            var (uri, set) = await HandOverAsync(qemu, version, handle, cancellationToken).ConfigureAwait(false);
            await qemu.TellAsync(Migrate("migrate-incoming", uri), null, cancellationToken).ConfigureAwait(false);
            await new Poll(Timeout.InfiniteTimeSpan, LoadPollInterval, time).UntilAsync(
                async token => (state = Text(await qemu.TellAsync(AskStatus, null, token).ConfigureAwait(false), "status")) != "inmigrate",
                cancellationToken).ConfigureAwait(false);
            if (state == "running")
            {
                // Else QEMU keeps the file open for as long as the clone lives.
                if (set is not null)
                {
                    await qemu.TellAsync(string.Create(CultureInfo.InvariantCulture, $$$"""{"execute":"remove-fd","arguments":{"fdset-id":{{{set}}} }}"""), null, cancellationToken).ConfigureAwait(false);
                }

                return;
            }
        }
        catch (HypervisorException e) when (!e.ConnectionLost && e.Code == ErrorCodes.HypervisorCallFailed)
        {
            // QEMU ends when it cannot use a state; then it is libvirt that does not find it.
            throw NotLoaded(domain, file, await LastWordsAsync(domain, e, cancellationToken).ConfigureAwait(false), e);
        }

        throw NotLoaded(domain, file, $"its guest is '{state}' and does not run", null);
    }

    /// <summary>Gives the file to QEMU, in the way that its version has for files.</summary>
    private static async Task<(string Uri, long? Set)> HandOverAsync(QemuMonitor qemu, string? version, SafeFileHandle file, CancellationToken cancellationToken)
    {
        if (!HypervisorFeatures.StateInFileSet.IsIn(version))
        {
            await qemu.TellAsync(TakeFile, file, cancellationToken).ConfigureAwait(false);
            return ("fd:vm-executor", null);
        }

        // QEMU picks a number that libvirt has not taken for files of its own.
        var answer = await qemu.TellAsync(AddToNewSet, file, cancellationToken).ConfigureAwait(false);
        return answer.ValueKind == JsonValueKind.Object && answer.TryGetProperty("fdset-id", out var id) && id.TryGetInt64(out var set)
            ? (string.Create(CultureInfo.InvariantCulture, $"file:/dev/fdset/{set}"), set)
            : throw qemu.Failure($"QEMU did not name the set of files in its answer to {AddToNewSet}: {answer}");
    }

    private static string Migrate(string command, string uri) => $$$"""{"execute":"{{{command}}}","arguments":{"uri":"{{{uri}}}"}}""";

    private static string? Text(JsonElement answer, string name) =>
        answer.ValueKind == JsonValueKind.Object && answer.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary>QEMU's last words before it ended, where its log can be read.</summary>
    private async Task<string> LastWordsAsync(string domain, HypervisorException failure, CancellationToken cancellationToken)
    {
        var status = await hypervisor.FindStatusAsync(domain, cancellationToken).ConfigureAwait(false);
        var said = status is { IsAlive: true }
            ? null
            : QemuLog.ReadTail(hypervisor.Uri, new DomainName(domain)).LastOrDefault(line => line.Contains("qemu", StringComparison.OrdinalIgnoreCase) && !line.Contains("shutting down", StringComparison.Ordinal));
        return said ?? failure.Message;
    }

    private static SafeFileHandle Open(AbsolutePath file, FileMode mode, FileAccess access)
    {
        try
        {
            return HostFile.OpenHandle(file.Value, mode, access);
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw new HostFileException($"{file} cannot be opened", e);
        }
    }

    private static HypervisorException NotLoaded(string domain, AbsolutePath file, string why, Exception? inner) => new(
        ErrorCodes.TemplateNotLoaded,
        $"QEMU of {domain} did not take the state in {file}: {why}",
        "Make the image's templates anew with 'vm-executor image warm'; if it happens again, QEMU's log says more.",
        inner);
}
