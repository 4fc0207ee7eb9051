namespace VmExecutor.Core.Configuration;

/// <summary>How long each wait of prepare may take.</summary>
public sealed record TimeoutSettings
{
    /// <summary>From the domain's start to the first bytes of its ssh server.</summary>
    public TimeSpan Boot { get; init; } = TimeSpan.FromMinutes(3);

    /// <summary>From the ssh server's first bytes to an authenticated command.</summary>
    public TimeSpan Ssh { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How long cloud-init may go on in the guest once somebody can log in; with <see cref="ImageDefinition.WaitForCloudInit"/>.</summary>
    public TimeSpan CloudInit { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>From the start of a warm clone until its guest is ready for scripts; after that the clone is started cold.</summary>
    public TimeSpan Warm { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>From the first request to shut the source domain down until it is off.</summary>
    public TimeSpan SourceShutdown { get; init; } = TimeSpan.FromMinutes(3);
}
