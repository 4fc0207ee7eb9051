using VmExecutor.Core.Clones;
using VmExecutor.Core.Clones.Parts;
using VmExecutor.Core.Images;
using VmExecutor.Core.Services;
using VmExecutor.Core.Templates;

namespace VmExecutor.Trials.DryRuns;

/// <summary>The VM that a job would get.</summary>
internal sealed record MachineOutlook
{
    public required ImageMatch Match { get; init; }

    /// <summary>With the generation.</summary>
    public required ClonePlan Plan { get; init; }

    /// <summary>Null: the source could not be looked at without starting something.</summary>
    public MachineSize? Sizes { get; init; }

    /// <summary>The treatment of each part of the source.</summary>
    public IReadOnlyList<PartFinding> Findings { get; init; } = [];

    /// <summary><c>kvm</c> or <c>tcg</c>; null: only a start tells.</summary>
    public string? Accelerator { get; init; }

    public required StartOutlook Start { get; init; }

    /// <summary>The services of the job, in its order.</summary>
    public IReadOnlyList<ServiceOutlook> Services { get; init; } = [];
}

/// <summary>A service of a job.</summary>
/// <param name="Service">With its names.</param>
/// <param name="Vm">The VM that it would be; null: a container in the job's own VM.</param>
internal sealed record ServiceOutlook(PlannedService Service, MachineOutlook? Vm);

/// <summary>The way in which the VM would be started.</summary>
/// <param name="Kind"><c>warm</c>, <c>cold</c>, or <c>unknown</c> without a look at libvirt.</param>
/// <param name="Why">A sentence without an end.</param>
internal sealed record StartOutlook(string Kind, string Why)
{
    public static StartOutlook Warm(string why) => new("warm", why);

    public static StartOutlook Cold(ColdReason reason) => new("cold", reason.Text);

    public static StartOutlook Unknown(string why) => new("unknown", why);
}
