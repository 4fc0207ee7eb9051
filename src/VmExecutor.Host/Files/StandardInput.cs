namespace VmExecutor.Host.Files;

/// <summary>Standard input, or nothing where the caller has closed it (<c>&lt;&amp;-</c>): reading the file that has its number then might never end.</summary>
public static class StandardInput
{
    private const int Number = 0;

    /// <summary>The bytes that come; none where it is closed.</summary>
    public static Stream Open() => StandardStreams.IsClosed(Number) ? Stream.Null : Console.OpenStandardInput();
}
