using VmExecutor.Core.Failures;

namespace VmExecutor.Host.Files;

/// <summary>The host's file system refused what the driver needs: full, read-only, no permission.</summary>
/// <param name="what">What could not be done, with the path: <c>/x cannot be read</c>.</param>
/// <param name="inner">The failure; of one that is known already only its reason is told, if its path is in <paramref name="what"/>.</param>
public sealed class HostFileException(string what, Exception inner)
    : SystemFailureException(ErrorCodes.HostFileFailed, $"{what}: {FileFailure.ReasonOf(inner, what)}", FileFailure.HintFor(inner), inner)
{
    /// <summary>The reason in the system's words, without the path.</summary>
    public string Reason { get; } = FileFailure.ReasonOf(inner);

    /// <summary>The file or directory is not there, or was not: neither full nor out of reach.</summary>
    public bool IsMissing { get; } = FileFailure.IsMissing(inner);

    /// <summary>Another attempt a moment later will not do better.</summary>
    public bool IsHopeless { get; } = FileFailure.IsHopeless(inner);

    /// <summary>The path that the system call was about; null: not known.</summary>
    internal string? Path { get; init; } = (inner as HostFileException)?.Path;

    /// <summary>
    /// The reason, in the system's words, of an exception that <see cref="Explains"/> accepts; for a message that names the path itself.
    /// </summary>
    public static string ReasonOf(Exception exception) => FileFailure.ReasonOf(exception);

    /// <summary>True when an exception comes from the file system and is no bug of the driver.</summary>
    public static bool Explains(Exception exception) => exception is IOException or UnauthorizedAccessException or HostFileException;
}
