namespace VmExecutor.Core.Benchmarks;

/// <summary>
/// The least that a job which does nothing takes by the same guest, connection and hypervisor, with nothing of the driver's in between. Durations in seconds.
/// </summary>
/// <param name="SshTrue"><c>ssh … true</c> over the kept connection: the least for a guest that is there already.</param>
/// <param name="SshShell"><c>ssh … bash -s</c>, or the image's own shell, which reads the sub-stages' own script: the least for one of them.</param>
/// <param name="Destroy"><c>virsh destroy</c>: the least for a cleanup.</param>
/// <param name="Job">One of the first, as many of the second as a job has sub-stages here, one of the third.</param>
public sealed record Floor(Spread SshTrue, Spread SshShell, Spread Destroy, Spread Job)
{
    /// <summary>Sub-stages of a job that does nothing.</summary>
    public const int SubStages = 4;

    /// <summary>The work of each sub-stage. The runner's frame around it starts more programs than this does, also in the floor.</summary>
    public const string Script = "true";

    /// <summary>Null: nothing was measured.</summary>
    public static Floor? Of(IReadOnlyList<FloorMeasurement> all) => all.Count == 0 ? null : new Floor(
        Spread.Of(all.Select(one => one.SshTrue))!,
        Spread.Of(all.SelectMany(one => one.SshShell))!,
        Spread.Of(all.Select(one => one.Destroy))!,
        Spread.Of(all.Select(one => one.SshTrue + one.SshShell.Sum() + one.Destroy))!);
}

/// <summary>Of one guest, in seconds.</summary>
public sealed record FloorMeasurement(double SshTrue, IReadOnlyList<double> SshShell, double Destroy);
