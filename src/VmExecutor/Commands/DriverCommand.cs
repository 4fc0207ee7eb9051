using System.CommandLine;
using VmExecutor.Core.Values;

namespace VmExecutor.Commands;

/// <summary>The command line: four stages for the runner, the rest for people.</summary>
internal static class DriverCommand
{
    /// <summary>Our own handling of signals and exceptions is the contract; System.CommandLine's would exit 130 or 1.</summary>
    public static readonly InvocationConfiguration Invocation = new()
    {
        ProcessTerminationTimeout = null,
        EnableDefaultExceptionHandler = false,
    };

    public static RootCommand Create(Composition composition)
    {
        var config = new Option<string?>("--config")
        {
            Description = "The configuration file; else VM_EXECUTOR_CONFIG, else /etc/vm-executor/vm-executor.yaml.",
            HelpName = "FILE",
            Recursive = true,
        };
        return new RootCommand("Runs every GitLab CI job in a virtual machine of its own: a linked clone of a libvirt base image.")
        {
            config,
            StageCommands.Config(composition, config),
            StageCommands.Prepare(composition, config),
            StageCommands.Run(composition, config),
            StageCommands.Cleanup(composition, config),
            CheckCommand.Create(composition, config),
            TryCommand.Create(composition, config),
            ListCommand.Create(composition, config),
            GcCommand.Create(composition, config),
        };
    }

    /// <summary>A path as the user typed it, seen from the current directory.</summary>
    public static AbsolutePath Resolve(string path) => new AbsolutePath(Environment.CurrentDirectory).Resolve(path);
}
