using System.CommandLine;

namespace VmExecutor.Commands;

/// <summary>The option that names one of a job's services.</summary>
internal static class ServiceOption
{
    /// <param name="description">What it means for the command.</param>
    public static Option<string?> Create(string description = "Of one of the job's services that is a VM of its own, by one of its names.") =>
        new("--service") { Description = description, HelpName = "ALIAS" };
}
