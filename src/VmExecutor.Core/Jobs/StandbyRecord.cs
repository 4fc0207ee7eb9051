namespace VmExecutor.Core.Jobs;

/// <summary>A clone that is ready and paused, and waits for a job.</summary>
/// <param name="Shape">The fingerprint of its machine: QEMU, libvirt, processor, sizes and definition (<see cref="Templates.TemplateShape.Fingerprint"/>).</param>
/// <param name="SizeName">Its processors and memory, for people.</param>
/// <param name="MadeAs">The start it had: <c>cold</c> or <c>warm</c>.</param>
/// <param name="Since">The time at which it was ready.</param>
/// <param name="SinceBoot">The same by the kernel's count.</param>
public sealed record StandbyRecord(string Shape, string SizeName, string MadeAs, DateTimeOffset Since, TimeSpan SinceBoot)
{
    /// <summary>
    /// The ssh master of its kept connection, which is stopped (SIGSTOP) while the guest is halted: it would take a guest that says nothing for a
    /// minute for lost.
    /// </summary>
    public RunnerProcess? Master { get; init; }

    /// <summary>
    /// The ssh client of the command that waits in the guest for what is a job's own (<c>IdentityScript</c>). Null: none waits, and taking the clone starts one.
    /// </summary>
    public RunnerProcess? Client { get; init; }

    /// <summary>Its overlays as they were when it was halted: nothing may write to them until it goes on.</summary>
    public IReadOnlyList<BaseFingerprint> Overlays { get => field ?? []; init; }

    /// <summary>For how long it has waited.</summary>
    /// <param name="now">In the same boot.</param>
    public TimeSpan AgeAt(HostMoment now) => now.SinceBoot - SinceBoot;
}
