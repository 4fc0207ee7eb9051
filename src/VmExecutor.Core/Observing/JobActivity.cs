namespace VmExecutor.Core.Observing;

/// <summary>The signs by which a job's present work is told, each from a place that the job's own processes keep anyway.</summary>
public sealed record JobSigns
{
    /// <summary>The reason why it is left, in words; null: it is not.</summary>
    public string? Leftover { get; init; }

    /// <summary>The reason why it is not clear; null: it is.</summary>
    public string? Doubt { get; init; }

    public bool IsKept { get; init; }

    public bool IsStandby { get; init; }

    /// <summary>True: the host has given it room.</summary>
    public bool IsAdmitted { get; init; }

    public bool HasVm { get; init; }

    /// <summary>True: its guest was ready for scripts.</summary>
    public bool IsReady { get; init; }

    /// <summary>True: a script of it runs.</summary>
    public bool RunsScript { get; init; }

    /// <summary>The sub-stage of that script; null: it is not known.</summary>
    public string? SubStage { get; init; }

    /// <summary>True: a process makes or removes it.</summary>
    public bool IsWorkedOn { get; init; }
}

/// <summary>The present work of a job.</summary>
/// <param name="State">In one word, for programs: <c>waiting</c>, <c>starting</c>, <c>running</c>, <c>idle</c>, <c>removing</c>, <c>kept</c>, <c>standby</c>, <c>leftover</c>, <c>unclear</c>.</param>
/// <param name="Words">For people.</param>
public sealed record JobActivity(string State, string Words)
{
    public static JobActivity Of(JobSigns signs) => signs switch
    {
        { Leftover: { } reason } => new("leftover", $"LEFT: {reason}"),
        { Doubt: { } doubt } => new("unclear", $"UNCLEAR: {doubt}"),
        { IsKept: true } => new("kept", "kept for people"),
        { IsStandby: true } => new("standby", "waits for a job"),
        { IsAdmitted: false } => new("waiting", "waits for room"),
        { IsReady: false, HasVm: false } => new("starting", "is made"),
        { IsReady: false } => new("starting", "starts"),
        { SubStage: { } stage } => new("running", stage),
        { RunsScript: true } => new("running", "a script"),
        { IsWorkedOn: true } => new("removing", "is removed"),
        _ => new("idle", "between scripts"),
    };
}
