using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Health;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using VmExecutor.Host.Health;
using VmExecutor.Host.Processes;
using VmExecutor.Host.Waiting;

namespace VmExecutor.Host.Hypervisor;

/// <summary>
/// Finds out whether KVM really works by starting a domain with a processor. Neither the device node nor libvirt's
/// capabilities can be believed: both are there on hosts where no kernel runs. Nor is a started domain enough where the processor offers no
/// virtualisation: a software KVM (kvm-pvm, seen on Linux 6.18) starts it, and then an ordinary kernel hangs early in its boot.
/// </summary>
/// <param name="hypervisor">The libvirt that starts domains.</param>
/// <param name="stateDir">Where the answer is remembered.</param>
/// <param name="time">How old an answer is.</param>
/// <param name="kernel">What the kernel of the hypervisor's machine tells of its processor; null: nothing, so a started domain is believed.</param>
public sealed class AcceleratorProbe(IHypervisor hypervisor, AbsolutePath stateDir, TimeProvider time, Func<KvmFiles>? kernel = null)
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan RemoveLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan HurriedRemoveLimit = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// The accelerator that <c>auto</c> means on this host. The answer is remembered per libvirt, QEMU and boot: a yes for good, a no for
    /// minutes (<see cref="KvmRefusal.RememberedFor"/>). A start that failed for another reason says nothing of KVM and is not
    /// remembered.
    /// </summary>
    /// <exception cref="HypervisorException">libvirt does not answer, or the connection to it was lost.</exception>
    public async Task<AcceleratorAnswer> AskAsync(CancellationToken cancellationToken)
    {
        var question = await QuestionAsync(cancellationToken).ConfigureAwait(false);
        return Recall(Memory) is { } known && known.Question == question && IsStillGood(known)
            ? known.Answer
            : await AnswerAsync(question, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// The answer that <see cref="AskAsync"/> would give at once. Nothing is started or written; libvirt is asked only where an answer is
    /// remembered.
    /// </summary>
    /// <returns>Null: a start would have to be tried.</returns>
    /// <inheritdoc cref="AskAsync" path="/exception"/>
    public async Task<AcceleratorAnswer?> RecallAsync(CancellationToken cancellationToken) =>
        kernel?.Invoke() is { HasFlag: false } ? NoVirtualisation
        : Recall(Memory) is { } known && IsStillGood(known) && known.Question == await QuestionAsync(cancellationToken).ConfigureAwait(false) ? known.Answer
        : null;

    /// <summary>Tries it now, whatever is remembered, and remembers the result.</summary>
    /// <inheritdoc cref="AskAsync" path="/exception"/>
    public async Task<AcceleratorAnswer> AskAnewAsync(CancellationToken cancellationToken) =>
        await AnswerAsync(await QuestionAsync(cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);

    private static AcceleratorAnswer NoVirtualisation => new(Accelerator.Tcg, "the processor offers no virtualisation (no vmx or svm in /proc/cpuinfo)");

    private AbsolutePath Memory => stateDir.Child(StateFiles.Accelerator);

    private async Task<string> QuestionAsync(CancellationToken cancellationToken)
    {
        var version = await hypervisor.GetVersionAsync(cancellationToken).ConfigureAwait(false);
        return $"{hypervisor.Uri} libvirt {version.Libvirt} QEMU {version.Qemu} boot {HostClock.ReadBootId()}";
    }

    private async Task<AcceleratorAnswer> AnswerAsync(string question, CancellationToken cancellationToken)
    {
        var (answer, isAboutKvm) = kernel?.Invoke() is { HasFlag: false }
            ? (NoVirtualisation, true)
            : await TryAsync(cancellationToken).ConfigureAwait(false);
        if (isAboutKvm)
        {
            Remember(Memory, new Remembered(question, answer) { Asked = time.GetUtcNow() });
        }

        return answer;
    }

    /// <summary>A "no" without a time was written by an older driver, and may have any cause.</summary>
    private bool IsStillGood(Remembered known)
    {
        var age = time.GetUtcNow() - known.Asked;
        return known.Answer.Accelerator == Accelerator.Kvm ? kernel?.Invoke() is not { HasFlag: false } : (age >= TimeSpan.Zero && age < KvmRefusal.RememberedFor);
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

    private async Task<(AcceleratorAnswer Answer, bool IsAboutKvm)> TryAsync(CancellationToken cancellationToken)
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
            return (new AcceleratorAnswer(Accelerator.Kvm, null), true);
        }
        catch (HypervisorException e) when (e.Code == ErrorCodes.DomainStartFailed && !e.ConnectionLost)
        {
            return (new AcceleratorAnswer(Accelerator.Tcg, KvmRefusal.Reason(e.Message)), KvmRefusal.IsIn(e.Message));
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
                DomainFiles.RemoveLogs(hypervisor.Uri, new DomainName(name));
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

    private static Remembered? Recall(AbsolutePath memory)
    {
        try
        {
            return Recall(HostFile.ReadAllText(memory.Value));
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            return null;
        }
    }

    /// <summary>Null: damaged.</summary>
    internal static Remembered? Recall(string json) => RecordJson.TryParse(json, AcceleratorContext.Default.Remembered);

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

    internal sealed record Remembered(string Question, AcceleratorAnswer Answer)
    {
        /// <summary>Null: an older driver wrote it.</summary>
        public DateTimeOffset? Asked { get; init; }
    }
}

/// <summary>The accelerator that was found, and the reason why it is not KVM.</summary>
public sealed record AcceleratorAnswer(Accelerator Accelerator, string? WhyNotKvm);

[JsonSourceGenerationOptions(WriteIndented = true, UseStringEnumConverter = true, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(AcceleratorProbe.Remembered))]
internal sealed partial class AcceleratorContext : JsonSerializerContext;
