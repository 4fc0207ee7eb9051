using System.Runtime.InteropServices;

namespace VmExecutor.Host.Processes;

/// <summary>This host's architecture.</summary>
public static class HostArchitecture
{
    /// <summary>As <c>uname -m</c> and QEMU name it; for those that this driver does not know, as .NET names it, in small letters.</summary>
    public static string Name => RuntimeInformation.OSArchitecture switch
    {
        Architecture.X64 => "x86_64",
        Architecture.Arm64 => "aarch64",
        var other => other.ToString().ToLowerInvariant(),
    };
}
