using System.CommandLine;

namespace VmExecutor.Commands;

/// <summary>The option that names a job's service that is a VM of its own.</summary>
internal static class ServiceOption
{
    public static Option<string?> Create() =>
        new("--service") { Description = "Of one of the job's services that is a VM of its own, by one of its names.", HelpName = "ALIAS" };
}
