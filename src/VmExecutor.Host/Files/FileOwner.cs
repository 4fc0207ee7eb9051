using System.Runtime.InteropServices;

namespace VmExecutor.Host.Files;

/// <summary>chown(2).</summary>
internal static partial class FileOwner
{
    /// <summary>For a group that stays as it is.</summary>
    public const uint Same = uint.MaxValue;

    /// <returns>Why not, in the system's words; null: it is done.</returns>
    public static string? Change(string path, uint owner, uint group) =>
        ChangeOwner(path, owner, group) == 0 ? null : Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError());

    [LibraryImport("libc", EntryPoint = "chown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int ChangeOwner(string path, uint owner, uint group);
}
