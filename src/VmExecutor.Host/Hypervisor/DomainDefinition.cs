namespace VmExecutor.Host.Hypervisor;

/// <summary>A domain's inactive XML.</summary>
/// <param name="Xml">The definition. It may have secrets in it: it never goes into a log, an output or a file of ours.</param>
/// <param name="HasSecrets">False: the connection may not see passwords, so it is not known whether a display has one.</param>
public sealed record DomainDefinition(string Xml, bool HasSecrets)
{
    /// <summary>Not the definition, which a log would then have.</summary>
    public override string ToString() => nameof(DomainDefinition);
}
