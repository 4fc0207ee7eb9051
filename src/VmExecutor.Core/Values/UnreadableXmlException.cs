using VmExecutor.Core.Failures;

namespace VmExecutor.Core.Values;

/// <summary>A text that should be XML, and was libvirt's once, cannot be read.</summary>
/// <param name="why">As a sentence: <c>it is nested deeper than 256 levels</c>.</param>
/// <param name="inner">The XML reader's own failure.</param>
public sealed class UnreadableXmlException(string why, Exception? inner = null) : SystemFailureException(
    ErrorCodes.DefinitionUnreadable, $"a definition cannot be read as XML: {why}", "See what libvirt prints: virsh dumpxml DOMAIN, virsh capabilities, virsh net-dumpxml NETWORK.", inner)
{
    /// <summary>For a message that names where the text comes from.</summary>
    public string Why { get; } = why;
}
