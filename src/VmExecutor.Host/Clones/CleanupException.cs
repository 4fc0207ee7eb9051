using VmExecutor.Core.Failures;
using VmExecutor.Core.Jobs;

namespace VmExecutor.Host.Clones;

/// <summary>Something of a job is left; every part that failed is named.</summary>
public sealed class CleanupException(JobKey key, IReadOnlyList<Exception> failures)
    : SystemFailureException(
        ErrorCodes.CleanupIncomplete,
        $"not everything of job {key} could be removed: {string.Join("; ", failures.Select(Describe).Distinct())}",
        failures.OfType<DriverException>().FirstOrDefault()?.Hint ?? "Run 'vm-executor gc', which removes what is left; its timer does the same.",
        failures.Count == 1 ? failures[0] : new AggregateException(failures))
{
    private static string Describe(Exception failure) =>
        failure is OperationCanceledException ? "the time for cleanup was over before the VM and its files were removed" : failure.Message;
}
