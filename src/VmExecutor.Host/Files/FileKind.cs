namespace VmExecutor.Host.Files;

/// <summary>The kinds of file that Linux has, as far as they matter for opening one.</summary>
internal enum FileKind
{
    /// <summary>Not there, or out of reach: opening it says why.</summary>
    Unknown,
    Regular,
    Directory,
    BlockDevice,
    CharacterDevice,
    Pipe,
    Socket,
}
