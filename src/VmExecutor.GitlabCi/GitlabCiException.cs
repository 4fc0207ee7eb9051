using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;

namespace VmExecutor.GitlabCi;

/// <summary>A <c>.gitlab-ci.yml</c> from which the job cannot be run; every error is named, one per line of the message.</summary>
public sealed class GitlabCiException(IReadOnlyList<ConfigurationError> errors)
    : SystemFailureException(
        ErrorCodes.GitlabCiInvalid,
        string.Join('\n', errors),
        "Correct these lines; GitLab explains every keyword at https://docs.gitlab.com/ci/yaml/, and its pipeline editor checks a file as a whole.")
{
    public IReadOnlyList<ConfigurationError> Errors { get; } = errors;
}
