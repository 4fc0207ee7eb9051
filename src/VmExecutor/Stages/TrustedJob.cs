using VmExecutor.Core.Failures;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Services;
using VmExecutor.Host.Files;

namespace VmExecutor.Stages;

/// <summary>The job as the runner's trusted copy tells it, read from the file.</summary>
internal static class TrustedJob
{
    /// <exception cref="SystemFailureException">The file is not named, missing, too large or no job response.</exception>
    public static Job Read(StageEnvironment environment) =>
        Use(environment, response => JobResponse.Parse(response, environment.RunnerShortToken));

    /// <summary>The values of the wanted variables only.</summary>
    /// <inheritdoc cref="Read" path="/exception"/>
    public static JobVariables Variables(StageEnvironment environment, IReadOnlyList<string> names) =>
        Use(environment, response => JobVariables.Read(response, names));

    /// <summary>The secrets that must not stay in a VM that outlives the job.</summary>
    /// <inheritdoc cref="Read" path="/exception"/>
    public static JobSecrets Secrets(StageEnvironment environment) => Use(environment, response => JobSecrets.Read(response));

    /// <summary>The services with the secrets that they get.</summary>
    /// <inheritdoc cref="Read" path="/exception"/>
    public static JobServices Services(StageEnvironment environment) => Use(environment, response => JobServices.Read(response));

    private static T Use<T>(StageEnvironment environment, Func<byte[], T> read)
    {
        var file = environment.JobResponseFile ?? throw new SystemFailureException(
            ErrorCodes.RunnerEnvironmentMissing,
            "JOB_RESPONSE_FILE is not set: this stage was not started by GitLab Runner 14.1 or later",
            "Stages are called by the runner (config.toml, [runners.custom]); to try an image by hand: vm-executor try IMAGE");
        try
        {
            return read(HostFile.ReadAllBytes(file.Value, JobResponse.LongestBytes));
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw new SystemFailureException(
                ErrorCodes.JobResponseUnusable,
                $"the job response {file} cannot be read: {HostFileException.ReasonOf(e)}",
                "The runner writes it for every job; see whether its temporary directory is full or was cleaned.",
                e);
        }
    }
}
