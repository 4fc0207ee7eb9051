using VmExecutor.Core.Failures;
using VmExecutor.Core.Jobs;

namespace VmExecutor.Stages;

/// <summary>The job as the runner's trusted copy tells it, read from the file.</summary>
internal static class TrustedJob
{
    /// <exception cref="SystemFailureException">The file is not named, missing, too large or no job response.</exception>
    public static Job Read(StageEnvironment environment)
    {
        var file = environment.JobResponseFile ?? throw new SystemFailureException(
            ErrorCodes.RunnerEnvironmentMissing,
            "JOB_RESPONSE_FILE is not set: this stage was not started by GitLab Runner 14.1 or later",
            "Stages are called by the runner (config.toml, [runners.custom]); to try an image by hand: vm-executor try IMAGE");
        try
        {
            using var stream = File.OpenRead(file.Value);
            if (stream.Length > JobResponse.LongestBytes)
            {
                throw Unreadable($"it has {stream.Length} bytes, which no job response has");
            }

            var content = new byte[stream.Length];
            stream.ReadExactly(content);
            return JobResponse.Parse(content, environment.RunnerShortToken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(e.Message, e);
        }

        SystemFailureException Unreadable(string why, Exception? inner = null) => new(
            ErrorCodes.JobResponseUnusable,
            $"the job response {file} cannot be read: {why}",
            "The runner writes it for every job; see whether its temporary directory is full or was cleaned.",
            inner);
    }
}
