using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Hypervisor;

/// <summary>
/// Finds out whether KVM really works by starting a domain with a processor. Neither the device node nor libvirt's
/// capabilities can be believed: both are there on hosts where no kernel runs (TEST-GUEST.md).
/// </summary>
public sealed class AcceleratorProbe(IHypervisor hypervisor, AbsolutePath stateDir)
{
    private const string BootIdFile = "/proc/sys/kernel/random/boot_id";

    /// <summary>What <c>auto</c> means on this host. The answer is remembered per libvirt, QEMU and boot.</summary>
    public async Task<AcceleratorAnswer> AskAsync(CancellationToken cancellationToken)
    {
        var version = await hypervisor.GetVersionAsync(cancellationToken).ConfigureAwait(false);
        var question = $"{hypervisor.Uri} libvirt {version.Libvirt} QEMU {version.Qemu} boot {ReadBootId()}";
        var memory = stateDir.Child("accelerator.json");
        if (Recall(memory) is { } known && known.Question == question)
        {
            return known.Answer;
        }

        var answer = await TryAsync(cancellationToken).ConfigureAwait(false);
        Remember(memory, new Remembered(question, answer));
        return answer;
    }

    private static void Remember(AbsolutePath memory, Remembered answer)
    {
        try
        {
            AtomicFile.Write(
                memory,
                JsonSerializer.Serialize(answer, AcceleratorContext.Default.Remembered),
                UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            // The answer is good all the same; the next job asks again.
        }
    }

    private async Task<AcceleratorAnswer> TryAsync(CancellationToken cancellationToken)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"vmx-probe-{Guid.NewGuid():N}");
        try
        {
            await hypervisor.CreateTransientAsync(
                $"""
                <domain type='kvm'>
                  <name>{name}</name>
                  <memory unit='MiB'>32</memory>
                  <vcpu>1</vcpu>
                  <os><type>hvm</type></os>
                  <cpu mode='host-passthrough'/>
                  <devices><controller type='usb' model='none'/><memballoon model='none'/></devices>
                </domain>
                """,
                paused: true,
                cancellationToken).ConfigureAwait(false);
            return new AcceleratorAnswer(Accelerator.Kvm, null);
        }
        catch (HypervisorException e) when (e.Code == ErrorCodes.DomainStartFailed)
        {
            return new AcceleratorAnswer(Accelerator.Tcg, Reason(e.Message));
        }
        finally
        {
            // Also after a cancelled call, which the daemon may have carried out all the same.
            await hypervisor.DestroyAsync(name, CancellationToken.None).ConfigureAwait(false);
            QemuLog.Remove(hypervisor.Uri, new DomainName(name));
        }
    }

    /// <summary>QEMU's own words, without libvirt's and the assertion that follows: <c>failed to set MSR 0x10a to 0x69</c>.</summary>
    private static string Reason(string message)
    {
        const string Mark = "error: ";
        var line = message.Split('\n')[0].Trim();
        var last = line.LastIndexOf(Mark, StringComparison.Ordinal);
        return last < 0 ? line : line[(last + Mark.Length)..];
    }

    private static Remembered? Recall(AbsolutePath memory)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllText(memory.Value), AcceleratorContext.Default.Remembered);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    private static string ReadBootId() => File.ReadAllText(BootIdFile).Trim();

    internal sealed record Remembered(string Question, AcceleratorAnswer Answer);
}

/// <summary>What was found, and why it is not KVM.</summary>
public sealed record AcceleratorAnswer(Accelerator Accelerator, string? WhyNotKvm);

[JsonSourceGenerationOptions(WriteIndented = true, UseStringEnumConverter = true, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(AcceleratorProbe.Remembered))]
internal sealed partial class AcceleratorContext : JsonSerializerContext;
