using VmExecutor.Core.Failures;
using VmExecutor.Core.Jobs;

namespace VmExecutor.Host.Clones;

/// <summary>Something of a job is left; every part that failed is named.</summary>
public sealed class CleanupException(JobKey key, IReadOnlyList<Exception> failures)
    : SystemFailureException(
        ErrorCodes.CleanupIncomplete,
        $"not everything of job {key} could be removed: {string.Join("; ", failures.Select(failure => failure.Message))}",
        failures.OfType<DriverException>().FirstOrDefault()?.Hint ?? "Remove it by hand, or call cleanup again.",
        failures.Count == 1 ? failures[0] : new AggregateException(failures));
