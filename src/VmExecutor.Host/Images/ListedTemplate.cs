using VmExecutor.Core.Templates;
using VmExecutor.Host.Hypervisor;

namespace VmExecutor.Host.Images;

/// <summary>A template as <c>image list</c> and <c>image show</c> report it.</summary>
/// <param name="Template">The template.</param>
/// <param name="DiskBytes">The room that its files take on the disk.</param>
/// <param name="Damage">The damage of its files.</param>
public sealed record ListedTemplate(Template Template, long DiskBytes, IReadOnlyList<string> Damage)
{
    /// <summary>The reasons why no job wakes up from it; empty: no obstacle is known.</summary>
    /// <param name="now">The versions of libvirt and QEMU here; null: they could not be asked for, so the template is not judged by them.</param>
    public IReadOnlyList<string> Troubles(HypervisorVersion? now)
    {
        var shape = Template.Record.Shape;
        return
        [
            .. Damage,
            .. now is null || shape.Qemu == now.Qemu ? [] : new[] { $"QEMU changed {shape.Qemu} -> {now.Qemu}" },
            .. now is null || shape.Libvirt == now.Libvirt ? [] : new[] { $"libvirt changed {shape.Libvirt} -> {now.Libvirt}" },
        ];
    }
}
