using System.CommandLine;
using VmExecutor.Completions;

namespace VmExecutor.Commands;

/// <summary>The argument that names a job.</summary>
internal static class JobArgument
{
    public static Argument<string> Create(Invocation invocation, Option<string?> config) => new Argument<string>("job")
    {
        Description = "The job's key, its domain's name, or its number in GitLab where only one job has it.",
    }.WithJobs(invocation, config);
}
