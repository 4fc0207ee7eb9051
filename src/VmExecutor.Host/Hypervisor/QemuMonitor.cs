using System.Globalization;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;
using VmExecutor.Host.Libvirt;

namespace VmExecutor.Host.Hypervisor;

/// <summary>The machine monitor (QMP) of one running domain's QEMU: commands, and their answers as JSON.</summary>
internal sealed class QemuMonitor(IHypervisor hypervisor, string domain)
{
    private const int LongestWords = 1000;

    /// <summary>The returned value of a command.</summary>
    /// <param name="command">One JSON object with <c>execute</c>.</param>
    /// <param name="file">Handed over with it; null: none.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="HypervisorException">QEMU refused it, or answered with no JSON: <see cref="ErrorCodes.TemplateNotLoaded"/>.</exception>
    public async Task<JsonElement> TellAsync(string command, SafeFileHandle? file, CancellationToken cancellationToken)
    {
        var answer = await hypervisor.SendMachineCommandAsync(domain, command, file, cancellationToken).ConfigureAwait(false);
        try
        {
            var root = ForeignJson.Parse(answer);
            return root.ValueKind == JsonValueKind.Object && root.TryGetProperty("return", out var value) ? value : throw Failure($"QEMU of {domain} refused {command}: {Words(answer)}");
        }
        catch (JsonException e)
        {
            throw Failure($"QEMU of {domain} answered {command} with no JSON: {Words(answer)}", e);
        }
    }

    /// <summary>
    /// The version of this domain's own QEMU, which may be another program than the one whose version libvirt tells. Null: it does not say.
    /// </summary>
    public async Task<string?> AskVersionAsync(CancellationToken cancellationToken)
    {
        var answer = await TellAsync("""{"execute":"query-version"}""", null, cancellationToken).ConfigureAwait(false);
        return answer.ValueKind == JsonValueKind.Object && answer.TryGetProperty("qemu", out var version) && version.ValueKind == JsonValueKind.Object
            && Number(version, "major") is { } major && Number(version, "minor") is { } minor && Number(version, "micro") is { } micro
                ? string.Create(CultureInfo.InvariantCulture, $"{major}.{minor}.{micro}")
                : null;
    }

    /// <summary>A failure of a command to QEMU.</summary>
    public HypervisorException Failure(string message, Exception? inner = null) => new(
        ErrorCodes.TemplateNotLoaded, message, $"See what libvirt and QEMU say: {HostDaemon.LogOf(hypervisor.Uri)}.", inner);

    private static string Words(string answer) => PlainText.OneLine(answer.Trim(), LongestWords);

    private static int? Number(JsonElement version, string name) =>
        version.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) ? number : null;
}
