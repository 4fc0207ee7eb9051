using VmExecutor.Core.Configuration.Options;
using VmExecutor.Core.Services;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Configuration;

/// <summary>The settings for the <c>services:</c> of a job, which are started as containers in its guest.</summary>
public sealed record ServiceSettings
{
    public ServiceEngine Engine { get; init; } = ServiceEngine.Auto;

    /// <summary>Globs of the images that a job may name; empty: all.</summary>
    public IReadOnlyList<string> Allow { get; init; } = [];

    /// <summary>Images that a template's guest fetches before it is frozen.</summary>
    public IReadOnlyList<string> Preload { get; init; } = [];

    public IReadOnlyList<PullPolicy> PullPolicies { get; init; } = [PullPolicy.IfNotPresent];

    /// <summary>Logins of the administrator for registries; null: none.</summary>
    public AbsolutePath? AuthFile { get; init; }

    public bool Privileged { get; init; }

    /// <summary>The time that a service may take until it answers; afterwards the job goes on without it.</summary>
    public TimeSpan Wait { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The time limit of all together, their images' download included.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(10);

    internal static readonly Section<ServiceSettings> Keys = new Section<ServiceSettings>(new())
        .Key("engine", Kinds.Choice<ServiceEngine>(),
            "What runs the containers in the guest. auto: podman or docker, whichever the guest has; in a guest without, a job's services are only warned of. off: they are never started.",
            "podman", it => it.Engine, (it, value) => it with { Engine = value })
        .OneOrMore("allow", Kinds.Glob,
            "The images that jobs may use as services, as they write them: * is any run of characters, ? any one. A job with another one fails.",
            "registry.example.com/*", it => it.Allow, (it, value) => it with { Allow = value }, otherwise: "all images")
        .OneOrMore("preload", Kinds.Text("container image", "a name as in 'services:', such as postgres:16", ServicePlan.ImageReference()),
            "Images that 'image warm' fetches into the template, so that warm and standby clones have them.",
            "postgres:16", it => it.Preload, (it, value) => it with { Preload = value }, otherwise: "none")
        .OneOrMore("pull_policy", Kinds.Choice<PullPolicy>(),
            "When an image is fetched from its registry, where the job does not say: each is tried until one succeeds.",
            "always", it => it.PullPolicies, (it, value) => it with { PullPolicies = value }, otherwise: "if-not-present")
        .Key("auth_file", Kinds.Path,
            "A file of the host with logins for registries, as docker's config.json has them. It is in the guest only while images are fetched, before the job's first script. The job's own logins go first.",
            "/etc/vm-executor/registries.json", it => it.AuthFile, (it, value) => it with { AuthFile = value }, otherwise: "no logins but the job's own")
        .Key("privileged", Kinds.Switch,
            "Whether the containers may do all that the guest's root may, as docker:dind needs it.",
            "true", it => it.Privileged, (it, value) => it with { Privileged = value })
        .Key("wait", Kinds.Duration(),
            "How long a service may take until one of its ports is open; then the job goes on, and its log has a warning and the service's last lines.",
            "2m", it => it.Wait, (it, value) => it with { Wait = value })
        .Key("timeout", Kinds.Duration(),
            "How long all services together may take, with the download of their images.",
            "20m", it => it.Timeout, (it, value) => it with { Timeout = value });
}

/// <summary>The program in the guest that runs containers.</summary>
public enum ServiceEngine
{
    /// <summary>Podman or docker, whichever is there.</summary>
    Auto,
    Podman,
    Docker,

    /// <summary>Services are not started.</summary>
    Off,
}
