using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Jobs;

/// <summary>
/// Finds the job that a person names: by its key, its domain's name, or GitLab's number for it where only one job here has it.
/// </summary>
public static class JobChoice
{
    private const int MostNamed = 10;

    /// <exception cref="SystemFailureException"><see cref="ErrorCodes.JobUnknown"/>, with those there are; <see cref="ErrorCodes.JobAmbiguous"/>, with those it could be.</exception>
    public static JobKey Decide(string text, IReadOnlyCollection<JobKey> there)
    {
        var meant = there.Where(key => key.Value == text || key.Domain.Value == text || key.JobId == text).Distinct().ToList();
        return meant.Count switch
        {
            1 => meant[0],
            0 => throw new SystemFailureException(
                ErrorCodes.JobUnknown,
                $"there is no job '{PlainText.OneLine(text, 100)}'; {(there.Count == 0 ? "there is none at all" : $"there are: {List(there)}")}",
                "Give a job's key, its domain's name (vmx-…) or its number in GitLab; see 'vm-executor list'."),
            _ => throw new SystemFailureException(
                ErrorCodes.JobAmbiguous,
                $"'{PlainText.OneLine(text, 100)}' is the number of {meant.Count} jobs, of several runners or servers: {List(meant)}",
                "Give the key of one of these jobs."),
        };
    }

    private static string List(IReadOnlyCollection<JobKey> keys) =>
        string.Join(", ", keys.OrderBy(key => key.Value, StringComparer.Ordinal).Take(MostNamed)) + (keys.Count > MostNamed ? ", …" : "");
}
