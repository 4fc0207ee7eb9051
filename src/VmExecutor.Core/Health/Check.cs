namespace VmExecutor.Core.Health;

/// <summary>One question that <c>doctor</c> asks of a runner host.</summary>
/// <param name="Id">A stable word for scripts; also its section in docs/doctor.md.</param>
/// <param name="Topic">What it is about.</param>
public sealed record Check(string Id, CheckTopic Topic)
{
    /// <summary>Where it is explained.</summary>
    public string Link => $"docs/doctor.md#{Id}";

    public Finding Ok(string found) => new(this, CheckStatus.Ok, found, null);

    public Finding Skipped(string found, string? fix = null) => new(this, CheckStatus.Skipped, found, fix);

    public Finding Warning(string found, string fix) => new(this, CheckStatus.Warning, found, fix);

    public Finding Problem(string found, string fix) => new(this, CheckStatus.Problem, found, fix);

    public Finding Of(CheckStatus status, string found, string fix) => new(this, status, found, status == CheckStatus.Ok ? null : fix);
}
