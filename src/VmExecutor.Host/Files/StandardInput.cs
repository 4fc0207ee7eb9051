namespace VmExecutor.Host.Files;

/// <summary>
/// Standard input, or nothing where the caller has closed it (<c>&lt;&amp;-</c>). Then the first file that .NET opens for itself gets its number, and reading that might never end.
/// Such a file is closed on exec, and an inherited one never is: exec would have closed it.
/// </summary>
public static class StandardInput
{
    private const int Number = 0;
    private const int GetFlags = 1; // F_GETFD
    private const int CloseOnExec = 1; // FD_CLOEXEC

    /// <summary>The bytes that come; none where it is closed.</summary>
    public static Stream Open() => IsClosed ? Stream.Null : Console.OpenStandardInput();

    private static bool IsClosed => Libc.Flags(Number, GetFlags) is var flags && (flags < 0 || (flags & CloseOnExec) != 0);
}
