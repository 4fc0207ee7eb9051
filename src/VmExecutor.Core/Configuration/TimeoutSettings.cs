using VmExecutor.Core.Configuration.Options;

namespace VmExecutor.Core.Configuration;

/// <summary>The time limits for the waits of prepare.</summary>
public sealed record TimeoutSettings
{
    public TimeSpan Boot { get; init; } = TimeSpan.FromMinutes(3);

    public TimeSpan Ssh { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// From the first login until the guest's cloud-init has ended; with <see cref="ImageDefinition.WaitForCloudInit"/>.
    /// </summary>
    public TimeSpan CloudInit { get; init; } = TimeSpan.FromMinutes(5);

    public TimeSpan Warm { get; init; } = TimeSpan.FromSeconds(30);

    public TimeSpan SourceShutdown { get; init; } = TimeSpan.FromMinutes(3);

    internal static readonly Section<TimeoutSettings> Keys = new Section<TimeoutSettings>(new())
        .Key("boot", Kinds.Duration(),
            "From the start of the clone to the first bytes of its ssh server.",
            "90s", it => it.Boot, (it, value) => it with { Boot = value })
        .Key("ssh", Kinds.Duration(),
            "From the first bytes of the ssh server to a command that ran.",
            "30s", it => it.Ssh, (it, value) => it with { Ssh = value })
        .Key("cloud_init", Kinds.Duration(),
            "How long cloud-init may go on in the guest once the driver is logged in; see 'wait_for_cloud_init'.",
            "15m", it => it.CloudInit, (it, value) => it with { CloudInit = value })
        .Key("warm", Kinds.Duration(),
            "From the start of a warm clone until it is ready for scripts; then it is started cold.",
            "10s", it => it.Warm, (it, value) => it with { Warm = value })
        .Key("source_shutdown", Kinds.Duration(),
            "From asking the source domain to shut down until it is off.",
            "5m", it => it.SourceShutdown, (it, value) => it with { SourceShutdown = value });
}
