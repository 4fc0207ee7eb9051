using System.Xml.Linq;
using VmExecutor.Core.Linking;
using VmExecutor.Host.Hypervisor;

namespace VmExecutor.Host.Linking;

/// <summary>The domain that is cloned, as it was found.</summary>
/// <param name="Xml">What would be started next.</param>
/// <param name="HasSecrets">Whether passwords of displays are in it.</param>
/// <param name="State">Of the domain now.</param>
public sealed record FoundSource(XElement Xml, bool HasSecrets, DomainState State)
{
    /// <summary>The change in the clone that follows from reading the source without secrets; null: none.</summary>
    public string? SecretsRemark => !HasSecrets && LinkDisplays.AreOnNetwork(Xml)
        ? "libvirt does not tell you the passwords of displays, so the clone's display has none and listens on 127.0.0.1 only: virsh edit changes both"
        : null;

    /// <summary>The parts that were left out of the definition when it was read, a sentence each.</summary>
    public IReadOnlyList<string> Remarks { get; init; } = [];

    /// <summary>Not the definition, which may have secrets in it.</summary>
    public override string ToString() => nameof(FoundSource);
}
