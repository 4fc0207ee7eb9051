using VmExecutor.Core.Values;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Tests.Fakes;

/// <summary>Makes a test's directory where disks may lie: on some machines /tmp is memory.</summary>
internal static class DiskDirectory
{
    public static string Create(string prefix)
    {
        if (Mounts.Of(new AbsolutePath(Path.GetTempPath())) is not { IsInMemory: true })
        {
            return Directory.CreateTempSubdirectory(prefix).FullName;
        }

        var directory = $"/var/tmp/{prefix}{Guid.NewGuid():N}";
        Directory.CreateDirectory(directory);
        return directory;
    }
}
