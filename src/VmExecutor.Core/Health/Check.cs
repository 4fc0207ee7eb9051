namespace VmExecutor.Core.Health;

/// <summary>The topic of a check; the order in which <c>doctor</c> reports.</summary>
public enum CheckTopic
{
    Host,
    Libvirt,
    Storage,
    Network,
    Ssh,
    Runner,
    Images,
    Leftovers,
}

/// <summary>One question that <c>doctor</c> asks of a runner host.</summary>
/// <param name="Id">A stable word for scripts; also its section in docs/doctor.md.</param>
/// <param name="Topic">The topic.</param>
public sealed record Check(string Id, CheckTopic Topic)
{
    /// <summary>The place of its explanation.</summary>
    public string Link => $"docs/doctor.md#{Id}";

    public Finding Ok(string found) => new(this, CheckStatus.Ok, found, null);

    public Finding Skipped(string found, string? fix = null) => new(this, CheckStatus.Skipped, found, fix);

    /// <summary>Skipped where <c>state_dir</c> is not known; the check of the configuration says why.</summary>
    public Finding WithoutStateDir() => Skipped("state_dir is not known: see 'config'");

    /// <summary>Skipped where the images are not known; the check of the configuration says why.</summary>
    public Finding WithoutImages() => Skipped("the images are not known: see 'config'");

    /// <summary>Skipped where libvirt does not answer; its own check says so.</summary>
    public Finding WithoutLibvirt() => Skipped("libvirt cannot be asked: see 'libvirt'");

    /// <summary>Skipped where config.toml has no runner of ours; its own check says why.</summary>
    public Finding WithoutRunner() => Skipped("there is no runner to look at: see 'runner-config'");

    public Finding Warning(string found, string fix) => new(this, CheckStatus.Warning, found, fix);

    public Finding Problem(string found, string fix) => new(this, CheckStatus.Problem, found, fix);

    public Finding Of(CheckStatus status, string found, string fix) => new(this, status, found, status == CheckStatus.Ok ? null : fix);
}
