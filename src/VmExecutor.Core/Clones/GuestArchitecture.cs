using System.Xml.Linq;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Clones;

/// <summary>
/// The processor architectures that this driver knows. For others there is no built-in machine, and the parts that a clone's definition
/// must have (firmware, ports for hot-plug, a console) were never tried.
/// </summary>
public static class GuestArchitecture
{
    private const string Known = "x86_64, i686 (32 bits of it) and aarch64 (arm64)";

    /// <param name="source">A source's domain XML. One that names no architecture has its host's.</param>
    /// <param name="of">For the message: <c>image 'debian-12'</c>.</param>
    /// <exception cref="SystemFailureException"><see cref="ErrorCodes.ArchitectureUnsupported"/>.</exception>
    public static void EnsureKnown(XElement source, string of)
    {
        if ((string?)source.Element("os")?.Element("type")?.Attribute("arch") is { } architecture && !IsKnown(architecture))
        {
            throw new SystemFailureException(
                ErrorCodes.ArchitectureUnsupported,
                $"the source of {of} is a machine of architecture '{PlainText.OneLine(architecture, 40)}', which vm-executor does not support",
                $"Use a source whose <os><type arch='…'> is one of {Known}.");
        }
    }

    /// <param name="host">As <c>uname -m</c> names it.</param>
    /// <param name="of">For the message.</param>
    /// <exception cref="SystemFailureException"><see cref="ErrorCodes.ArchitectureUnsupported"/>.</exception>
    public static void EnsureKnown(string host, string of)
    {
        if (!IsKnown(host))
        {
            throw new SystemFailureException(
                ErrorCodes.ArchitectureUnsupported,
                $"this host's architecture is '{host}', for which vm-executor has no built-in machine, and {of} is a plain disk file that needs one",
                $"Run vm-executor on a host with {Known}.");
        }
    }

    public static bool IsKnown(string architecture) => architecture is "x86_64" or "i686" or "aarch64";
}
