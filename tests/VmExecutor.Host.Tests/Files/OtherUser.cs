using System.Runtime.InteropServices;

namespace VmExecutor.Host.Tests.Files;

/// <summary>Looks at files with another user's rights, on this thread only (setfsuid(2)); root needs no right otherwise.</summary>
internal static partial class OtherUser
{
    private const uint Nobody = 65534;

    public static T Does<T>(Func<T> act)
    {
        Prerequisite.Require(Environment.IsPrivilegedProcess, "root, to look at files as another user");
        _ = SetFileSystemUser(Nobody);
        try
        {
            return act();
        }
        finally
        {
            _ = SetFileSystemUser(0);
        }
    }

    public static void Does(Action act) => Does(() =>
    {
        act();
        return true;
    });

    [LibraryImport("libc", EntryPoint = "setfsuid")]
    private static partial int SetFileSystemUser(uint user);
}
