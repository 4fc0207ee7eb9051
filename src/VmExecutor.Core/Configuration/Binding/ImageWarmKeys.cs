using VmExecutor.Core.Configuration.Binding.Kinds;

namespace VmExecutor.Core.Configuration.Binding;

/// <summary>The keys of <c>warm:</c>.</summary>
internal static class ImageWarmKeys
{
    private const string OfImage = "what the image has";

    private static readonly Section Size = new(
    [
        new("cpus", ImageSizeKeys.Cpus, "Virtual processors of the jobs that this template is for, as they say by VM_CPUS.", "4") { Otherwise = OfImage },
        new("memory", ImageSizeKeys.Memory, "Memory of the jobs that this template is for, as they say by VM_MEMORY.", "4GiB") { Otherwise = OfImage },
    ]);

    public static readonly Section Warm = new(
    [
        new("enabled", new SwitchKind(),
            "Whether clones wake up from a template, which 'vm-executor image warm' makes, instead of booting. Jobs of one template share memory pages, "
            + "which is a side channel between them.", "true") { Default = DefaultValues.Image.Warm.Enabled ? "true" : "false" },
        new("script", new PathKind(),
            "A script of the host that a template's guest runs by the image's shell as 'ssh.user' before it is frozen, so that what jobs need is in its memory; "
            + "a status other than 0 keeps the old template.", "/etc/vm-executor/warm-ups/debian-12") { Otherwise = "the shell and git, once" },
        new("sizes", new ListOfKind(Size),
            "Sizes that get a template of their own, beside the image's own size; jobs of any other size start cold.", "[{cpus: 4, memory: 4GiB}]")
        { Otherwise = "only the image's own size" },
    ]);
}
