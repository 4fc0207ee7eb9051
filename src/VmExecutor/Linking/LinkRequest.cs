using VmExecutor.Core.Values;

namespace VmExecutor.Linking;

/// <summary>The request of <c>clone</c>.</summary>
internal sealed record LinkRequest
{
    public required string Source { get; init; }

    /// <summary>The clone's name; null: made from the source's.</summary>
    public string? Target { get; init; }

    /// <summary>The directory for overlays and NVRAM; null: beside those of the source.</summary>
    public AbsolutePath? Directory { get; init; }

    /// <summary>Ask a running source to shut down.</summary>
    public bool ShutDown { get; init; }

    public bool Start { get; init; }

    public bool DryRun { get; init; }

    /// <summary>Write what the overlays stand on into the definition.</summary>
    public bool StatesChains { get; init; } = true;

    /// <summary>Parts that the clone gets though they would be refused.</summary>
    public IReadOnlySet<string> AllowParts { get; init; } = new HashSet<string>(StringComparer.Ordinal);

    /// <summary>Make the source's disks read-only.</summary>
    public bool Protect { get; init; } = true;
}
