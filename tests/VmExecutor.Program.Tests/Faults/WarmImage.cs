using VmExecutor.Core.Clones;
using VmExecutor.Core.Images;
using VmExecutor.Core.Templates;
using VmExecutor.Core.Values;
using VmExecutor.Host.Images;
using VmExecutor.Host.Processes;
using VmExecutor.Host.Templates;
using VmExecutor.Starting;

namespace VmExecutor.Program.Tests.Faults;

/// <summary>A generation and a template of a world's image, as publishing and warming leave them; nothing was booted for them.</summary>
internal static class WarmImage
{
    public static async Task<(Generation Generation, Template Template)> MakeAsync(StageWorld world, CloneLook look, int number = 1)
    {
        var plan = world.Plan(StageWorld.Key) with { Generation = null };
        var stamp = plan.Stamp(ProcessTable.Self(), null, HostClock.Now(), DateTimeOffset.UtcNow);
        var source = await look.TakeAsync(plan, stamp, CancellationToken.None);
        var directory = ImagePaths.For(world.StateDir, plan.Image.Name).Generation(number);
        Directory.CreateDirectory(directory.Value);
        File.WriteAllText(directory.Child("vda.disk").Value, "disk");
        var file = GenerationFiles.Describe("vda", "vda.disk", "qcow2", null, directory.Child("vda.disk"));
        var generation = new Generation(directory, new GenerationRecord
        {
            Image = plan.Image.Name.Value,
            Number = number,
            Published = DateTimeOffset.UtcNow,
            Driver = "test",
            SourceKind = "file",
            Source = "/base",
            SourceFingerprint = "f",
            Files = [file],
            Probe = new ProbeRecord(DateTimeOffset.UtcNow, 1, []),
        });
        File.WriteAllText(generation.Domain.Value, FrozenDomain.Freeze(source.Source, [file]).ToString());
        File.WriteAllText(directory.Child("image.json").Value, generation.Record.ToJson());

        plan = plan with { Generation = generation };
        var basis = await look.TakeAsync(plan, stamp, CancellationToken.None);
        var shape = await new TemplateFinder(world.Hypervisor).ShapeAsync(basis, CancellationToken.None);
        return (generation, Template(world, generation, basis, shape));
    }

    private static Template Template(StageWorld world, Generation generation, CloneBasis basis, TemplateShape shape)
    {
        var half = TemplateCatalogue.DirectoryOf(generation).Child(".new-1");
        Directory.CreateDirectory(half.Value);
        (string Role, AbsolutePath Path, string? Format)[] files =
        [
            (TemplateRole.Ram, half.Child(Core.Templates.Template.RamName), null),
            (TemplateRole.State, half.Child(Core.Templates.Template.StateName), null),
            ("vda", world.Root.Child("overlay"), "qcow2"),
        ];
        foreach (var (_, path, _) in files)
        {
            File.WriteAllText(path.Value, "content");
        }

        var record = new TemplateRecord
        {
            Shape = shape,
            Made = DateTimeOffset.UtcNow,
            Driver = "test",
            Files = [],
            HostKeys = ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGQn8ZfpMJ2nXvyA4qNtTBMBYc9w3mbMpjkmLxSxRxZb"],
            LoginShell = "bash",
        };
        var machine = LinkedClone.Derive(basis.Source, basis.Plan, basis.Stamp, basis.Chains, basis.Accelerator);
        return TemplateMaker.Complete(generation, TemplateMaker.Seal(half, record, TemplateDomain.Freeze(machine, seed: null), files));
    }
}
