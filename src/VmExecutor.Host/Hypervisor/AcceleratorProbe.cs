using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using VmExecutor.Host.Processes;
using VmExecutor.Host.Waiting;

namespace VmExecutor.Host.Hypervisor;

/// <summary>
/// Finds out whether KVM really works by starting a domain with a processor. Neither the device node nor libvirt's
/// capabilities can be believed: both are there on hosts where no kernel runs (TEST-GUEST.md).
/// </summary>
public sealed class AcceleratorProbe(IHypervisor hypervisor, AbsolutePath stateDir, TimeProvider time)
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan RemoveLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan HurriedRemoveLimit = TimeSpan.FromMilliseconds(500);

    /// <summary>What <c>auto</c> means on this host. The answer is remembered per libvirt, QEMU and boot.</summary>
    public async Task<AcceleratorAnswer> AskAsync(CancellationToken cancellationToken)
    {
        var version = await hypervisor.GetVersionAsync(cancellationToken).ConfigureAwait(false);
        var question = $"{hypervisor.Uri} libvirt {version.Libvirt} QEMU {version.Qemu} boot {HostClock.ReadBootId()}";
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
        var stamp = Stamp();
        var name = $"{DomainName.Prefix}{stamp.Key}";
        try
        {
            await hypervisor.CreateTransientAsync(
                $"""
                <domain type='kvm'>
                  <name>{name}</name>
                  <metadata>{StampXml.Write(stamp)}</metadata>
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
            await RemoveAsync(name, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Also after a cancelled call, which the daemon may have carried out all the same. One that cannot be removed now is a leftover
    /// as soon as this process is gone.
    /// </summary>
    private async Task RemoveAsync(string name, CancellationToken cancellationToken)
    {
        using var deadline = new Deadline(RemoveLimit, HurriedRemoveLimit, time, cancellationToken);
        for (var tries = 2; tries > 0; tries--)
        {
            try
            {
                await hypervisor.DestroyAsync(name, deadline.Token).ConfigureAwait(false);
                QemuLog.Remove(hypervisor.Uri, new DomainName(name));
                return;
            }
            catch (HypervisorException)
            {
                // Once more, then gc.
            }
            catch (OperationCanceledException)
            {
                return;
            }
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

    /// <summary>A probe that is killed leaves a domain, which is a leftover as soon as this process is gone.</summary>
    private OwnershipStamp Stamp() => new()
    {
        Key = string.Create(CultureInfo.InvariantCulture, $"probe-{Environment.ProcessId}-{Guid.NewGuid().ToString("N")[..6]}"),
        Project = null,
        Image = "probe",
        Runner = ProcessTable.Self(),
        TemporaryDirectory = null,
        StateDir = stateDir.Value,
        Made = HostClock.Now(),
        Created = time.GetUtcNow(),
        Expires = time.GetUtcNow() + Longest,
    };

    internal sealed record Remembered(string Question, AcceleratorAnswer Answer);
}

/// <summary>What was found, and why it is not KVM.</summary>
public sealed record AcceleratorAnswer(Accelerator Accelerator, string? WhyNotKvm);

[JsonSourceGenerationOptions(WriteIndented = true, UseStringEnumConverter = true, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(AcceleratorProbe.Remembered))]
internal sealed partial class AcceleratorContext : JsonSerializerContext;
