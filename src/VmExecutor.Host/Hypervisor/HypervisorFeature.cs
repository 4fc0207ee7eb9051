namespace VmExecutor.Host.Hypervisor;

/// <summary>A difference between versions of libvirt or QEMU that matters to the driver.</summary>
/// <param name="Component">The program that has it.</param>
/// <param name="Since">The first version that has it.</param>
/// <param name="Use">The use that the driver makes of it; Markdown, as <paramref name="Without"/>.</param>
/// <param name="Without">The driver's behaviour with an older version.</param>
/// <param name="Loss">The same for an administrator whose host has an older version, in plain text; null: nothing changes for the host.</param>
public sealed record HypervisorFeature(HypervisorComponent Component, Version Since, string Use, string Without, string? Loss)
{
    /// <summary>True when this version is known to have it.</summary>
    /// <param name="version">As the program tells it (<c>7.2.22</c>).</param>
    public bool IsIn(string? version) => Version.TryParse(version, out var number) && number >= Since;

    /// <summary>True when this version is known to lack it. A version that cannot be read is neither.</summary>
    /// <param name="version">As the program tells it.</param>
    public bool IsMissingIn(string? version) => Version.TryParse(version, out var number) && number < Since;
}
