using System.IO.Hashing;
using System.Text;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Images;
using VmExecutor.Core.Standby;
using VmExecutor.Core.Values;
using VmExecutor.Host;
using VmExecutor.Host.Files;
using VmExecutor.Host.Images;
using VmExecutor.Host.Processes;
using VmExecutor.Host.Templates;
using VmExecutor.Starting;

namespace VmExecutor.StandingBy;

/// <summary>Finds what a job of a size would get now, so that standby clones can be compared with it. It starts and writes nothing.</summary>
internal sealed class StandbyLook(Machine machine)
{
    /// <summary>The reason of an image that has no generation.</summary>
    public static string NeverPublished(ImageName image) => $"it was never published: run '{DriverVersion.Name} image publish {image}'";

    /// <summary>The generation that a job would get; null: the image was never published.</summary>
    public Generation? GenerationOf(ImageDefinition image) => ChosenGeneration.For(image, machine.Catalogue).Generation;

    /// <summary>The measure by which a clone is given to a job of that size, or not.</summary>
    /// <exception cref="Core.Failures.DriverException">A job would fail, too.</exception>
    public async Task<StandbyFitness> FitnessAsync(StandbyNeed need, Generation generation, CancellationToken cancellationToken)
    {
        var plan = StandbyFill.Plan(machine, need, generation);
        var basis = await CloneLook.Only(machine, _ => { }).TakeAsync(plan, StandbyFill.Stamp(machine, plan), cancellationToken);
        var shape = await new TemplateFinder(machine.Hypervisor).ShapeAsync(basis, cancellationToken);
        return new StandbyFitness(need.Image, generation, shape, HostClock.Now());
    }

    /// <summary>
    /// The fingerprint of what making a clone tries: generation, machine, YAML and driver. While it is the same, a further attempt is likely to end as the
    /// last one did.
    /// </summary>
    /// <exception cref="HostFileException">The YAML cannot be read.</exception>
    public string TrialOf(StandbyNeed need, StandbyFitness fitness)
    {
        var hash = new XxHash128();
        foreach (var part in (string[])[
            DriverVersion.Text, $"{fitness.Generation.Number} {fitness.Generation.Record.Published:O}", fitness.Shape.Fingerprint,
            HostFile.ReadAllText(machine.Settings.File.Value), HostFile.ReadAllText(need.Image.File.Value)])
        {
            hash.Append(Encoding.UTF8.GetBytes($"{part.Length} {part}"));
        }

        return Convert.ToHexStringLower(hash.GetCurrentHash());
    }

    /// <summary>The clones that are wanted and there, with the reasons that the last fill gives.</summary>
    public async Task<StandbyReport> ReportAsync(IReadOnlyList<StandbyNeed> needs, CancellationToken cancellationToken)
    {
        var last = machine.Standby.ReadReport();
        var now = machine.Time.GetUtcNow();
        var lines = new List<StandbyLine>();
        foreach (var need in needs)
        {
            var known = last?.LineOf(need);
            if (GenerationOf(need.Image) is not { } generation)
            {
                lines.Add(need.Line(null, 0, NeverPublished(need.Image.Name)));
                continue;
            }

            var fitness = await FitnessAsync(need, generation, cancellationToken);
            var there = machine.Standby.Fit(fitness);
            var failures = known?.Failures is { } failed && failed.Of == TrialOf(need, fitness) ? failed : null;
            var why = there.Count >= need.Count ? null
                : machine.Locks.StandbyIsMade ? "being made now"
                : failures?.PausesAt(now, failures.Of) == true ? failures.Text(need.Image.Name, now)
                : known?.Why ?? $"not made yet: run '{DriverVersion.Name} standby fill'";
            lines.Add(need.Line(fitness.Shape.Size, there.Count, why, known?.Seconds) with
            {
                Failures = failures,
                Waited = [.. there.Select(clone => clone.Record.Standby!.AgeAt(fitness.Now))],
            });
        }

        return new StandbyReport(now, lines);
    }
}
