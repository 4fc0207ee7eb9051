using System.Security.Cryptography;

namespace VmExecutor.EndToEnd.Tests.Instruments;

/// <summary>All of a file that must not change: content, owner, mode and time of the last change.</summary>
internal static class FileFingerprint
{
    public static async Task<string> OfAsync(string path)
    {
        await using var file = File.OpenRead(path);
        var hash = Convert.ToHexStringLower(await SHA256.HashDataAsync(file));
        var status = await HostCommand.OutputAsync("stat", "--format=%u:%g %a %Y.%y %s", path);
        return $"{path} {hash} {status.Trim()}";
    }
}
