using VmExecutor.Core.Failures;

namespace VmExecutor.Core.Configuration;

/// <summary>The configuration cannot be used; every error in it is named, one per line of the message.</summary>
public sealed class ConfigurationException(IReadOnlyList<ConfigurationError> errors)
    : SystemFailureException(
        ErrorCodes.ConfigurationInvalid,
        string.Join('\n', errors),
        "Correct these lines, then run 'vm-executor check'; config/README.md explains every key.")
{
    public IReadOnlyList<ConfigurationError> Errors { get; } = errors;
}
