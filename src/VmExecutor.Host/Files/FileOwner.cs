namespace VmExecutor.Host.Files;

/// <summary>chown(2).</summary>
internal static class FileOwner
{
    /// <summary>For a group that stays as it is.</summary>
    public const uint Same = uint.MaxValue;

    /// <returns>Why not, in the system's words; null: it is done.</returns>
    public static string? Change(string path, uint owner, uint group) =>
        Libc.ChangeOwner(path, owner, group) == 0 ? null : Libc.Failure().Message;
}
