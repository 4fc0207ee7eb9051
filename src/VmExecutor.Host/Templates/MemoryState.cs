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
    private const string Save = """{"execute":"migrate","arguments":{"uri":"fd:vm-executor"}}""";
    private const string Load = """{"execute":"migrate-incoming","arguments":{"uri":"fd:vm-executor"}}""";
    private const string AskSaved = """{"execute":"query-migrate"}""";
    private const string AskStatus = """{"execute":"query-status"}""";
    private static readonly TimeSpan SaveLimit = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan SavePollInterval = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LoadPollInterval = TimeSpan.FromMilliseconds(5);

    /// <summary>
    /// Writes the state of a running domain, which stands still from then on. It is not suspended before: a state that was taken of a running
    /// guest lets each clone run by itself as soon as it is loaded.
    /// </summary>
    /// <exception cref="SystemFailureException">QEMU could not, or the file cannot be written.</exception>
    public async Task SaveAsync(string domain, AbsolutePath file, CancellationToken cancellationToken)
    {
        using var handle = Open(file, FileMode.CreateNew, FileAccess.Write);
        await TellAsync(domain, LeaveMemoryOut, null, cancellationToken).ConfigureAwait(false);
        await TellAsync(domain, TakeFile, handle, cancellationToken).ConfigureAwait(false);
        await TellAsync(domain, Save, null, cancellationToken).ConfigureAwait(false);
        string? state = null;
        var ended = await new Poll(SaveLimit, SavePollInterval, time).UntilAsync(
            async token =>
            {
                var answer = await TellAsync(domain, AskSaved, null, token).ConfigureAwait(false);
                state = Text(answer, "status");
                return state is "failed" or "cancelled" ? throw Failed($"QEMU could not write the state of {domain}: {answer}") : state == "completed";
            },
            cancellationToken).ConfigureAwait(false);
        if (!ended)
        {
            throw Failed($"QEMU had not written the state of {domain} after {DurationText.Format(SaveLimit)} (it is '{state}')");
        }
    }

    /// <summary>Reads a state into a domain that waits for it; when this returns, its guest runs. It has no limit of its own: a whole warm start has one.</summary>
    /// <exception cref="SystemFailureException">QEMU did not take it: with <see cref="ErrorCodes.TemplateNotLoaded"/> and its last words.</exception>
    public async Task LoadAsync(string domain, AbsolutePath file, CancellationToken cancellationToken)
    {
        using var handle = Open(file, FileMode.Open, FileAccess.Read);
        string? state = null;
        try
        {
            await TellAsync(domain, LeaveMemoryOut, null, cancellationToken).ConfigureAwait(false);
            await TellAsync(domain, TakeFile, handle, cancellationToken).ConfigureAwait(false);
            await TellAsync(domain, Load, null, cancellationToken).ConfigureAwait(false);
            await new Poll(Timeout.InfiniteTimeSpan, LoadPollInterval, time).UntilAsync(
                async token => (state = Text(await TellAsync(domain, AskStatus, null, token).ConfigureAwait(false), "status")) != "inmigrate",
                cancellationToken).ConfigureAwait(false);
            if (state == "running")
            {
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

    private async Task<JsonElement> TellAsync(string domain, string command, SafeFileHandle? file, CancellationToken cancellationToken)
    {
        var answer = await hypervisor.SendMachineCommandAsync(domain, command, file, cancellationToken).ConfigureAwait(false);
        try
        {
            var root = JsonDocument.Parse(answer).RootElement;
            return root.TryGetProperty("return", out var value) ? value : throw Failed($"QEMU of {domain} refused {command}: {answer.Trim()}");
        }
        catch (JsonException e)
        {
            throw Failed($"QEMU of {domain} answered {command} with no JSON: {answer.Trim()}", e);
        }
    }

    private static string? Text(JsonElement answer, string name) =>
        answer.ValueKind == JsonValueKind.Object && answer.TryGetProperty(name, out var value) ? value.GetString() : null;

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

    private static HypervisorException Failed(string message, Exception? inner = null) => new(
        ErrorCodes.TemplateNotLoaded, message, "See what libvirt and QEMU say: journalctl -u libvirtd -u virtqemud.", inner);

    private static HypervisorException NotLoaded(string domain, AbsolutePath file, string why, Exception? inner) => new(
        ErrorCodes.TemplateNotLoaded,
        $"QEMU of {domain} did not take the state in {file}: {why}",
        "Make the image's templates anew with 'vm-executor image warm'; if it happens again, QEMU's log says more.",
        inner);
}
