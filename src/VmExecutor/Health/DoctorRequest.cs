using VmExecutor.Core.Health;
using VmExecutor.Core.Values;

namespace VmExecutor.Health;

/// <summary>What <c>doctor</c> was asked to look at.</summary>
/// <param name="ConfigOption">The <c>--config</c> option.</param>
/// <param name="ConfigToml">GitLab Runner's configuration; null: where it usually is.</param>
/// <param name="Deep">Whether a VM is started to look from inside.</param>
/// <param name="Image">Of that VM; null: the one of jobs that name none.</param>
/// <param name="Reach">Where its guest is asked to connect to; null: to the GitLab servers of config.toml.</param>
internal sealed record DoctorRequest(string? ConfigOption, AbsolutePath? ConfigToml, bool Deep, ImageName? Image, ReachTarget? Reach);
