namespace VmExecutor.Core.Users;

/// <summary>A user of the host that QEMU of one clone runs as.</summary>
/// <param name="Name">Its name; its own group has the same.</param>
/// <param name="Id">Its number.</param>
/// <param name="Group">The number of its own group.</param>
/// <param name="Common">The number of the group that all such users are in.</param>
public sealed record VmUser(string Name, uint Id, uint Group, uint Common)
{
    /// <summary>The user as libvirt's DAC security driver wants it. A user that is named has its further groups; a number has none.</summary>
    public string Label => $"{Name}:{Name}";
}
