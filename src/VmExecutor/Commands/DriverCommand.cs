using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using VmExecutor.Completions;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using VmExecutor.Live;
using VmExecutor.Manual;

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

    /// <summary>The names of a command and of those that it belongs to: <c>image push</c>; empty: the program alone.</summary>
    public static string Words(CommandResult result) =>
        result.Parent is CommandResult parent ? $"{Words(parent)} {result.Command.Name}".TrimStart() : "";

    /// <summary>The names of open files of a process: the file in the place of such a name would be another one.</summary>
    private static readonly string[] OpenFiles = ["/dev/stdout", "/dev/stderr", "/dev/stdin", "/dev/fd/", "/proc/"];

    public static RootCommand Create(Invocation invocation)
    {
        var config = new Option<string?>("--config")
        {
            Description = "The configuration file; else VM_EXECUTOR_CONFIG, else /etc/vm-executor/vm-executor.yaml.",
            HelpName = "FILE",
            Recursive = true,
        };
        var root = new RootCommand("Runs every GitLab CI job in a virtual machine of its own: a linked clone of a libvirt base image.")
        {
            config,
            StageCommands.Config(invocation, config),
            StageCommands.Prepare(invocation, config),
            StageCommands.Run(invocation, config),
            StageCommands.Cleanup(invocation, config),
            CheckCommand.Create(invocation, config),
            DoctorCommand.Create(invocation, config),
            InstallCommand.Create(invocation, config),
            TryCommand.Create(invocation, config),
            ReplayCommand.Create(invocation, config),
            BenchCommand.Create(invocation, config),
            ListCommand.Create(invocation, config),
            LogsCommand.Create(invocation, config),
            ConsoleCommand.Create(invocation, config),
            SshCommand.Create(invocation, config),
            StopCommand.Create(invocation, config),
            DrainCommand.Create(invocation, config),
            DrainCommand.CreateEnd(invocation, config),
            CloneCommand.Create(invocation, config),
            CompletionCommand.Create(invocation),
            StandbyCommand.Create(invocation, config),
            DiskCommand.Create(invocation, config),
            GcCommand.Create(invocation, config),
            ImageCommand.Create(invocation, config),
            MetricsCommand.Create(invocation, config),
            EgressCommand.Create(invocation, config),
            UsageCommand.Create(invocation, config),
            ReportCommand.Create(invocation, config),
            TopCommand.Create(invocation, config),
        };
        root.Add(ManualCommand.Create(invocation, root));
        ImageNames.OfferIn(root, invocation, config);

        foreach (var help in root.Options.OfType<HelpOption>())
        {
            var action = (HelpAction)help.Action!;
            action.MaxWidth = Console.IsOutputRedirected ? int.MaxValue : TerminalSize.Width;
            help.Action = new HelpWithExamples(action);
        }

        // "/h" and "/?" are Windows's; here they would be offered in place of paths.
        foreach (var alias in (string[])["/h", "/?", "-?"])
        {
            root.Options.OfType<HelpOption>().ToList().ForEach(help => help.Aliases.Remove(alias));
        }

        return root;
    }

    /// <summary>A path as the user typed it, seen from the current directory.</summary>
    /// <exception cref="SystemFailureException">It has a NUL or a line break in it.</exception>
    public static AbsolutePath Resolve(string path) => Here().TryResolve(path, out var resolved)
        ? resolved
        : throw new SystemFailureException(
            ErrorCodes.UsageWrong, $"'{PlainText.OneLine(path, 200)}' names no file: it has a line break in it", "Give the path of a file without line breaks in it.");

    /// <summary>The file that a command is to write. It is looked at before the work begins, which may take long.</summary>
    /// <param name="option">The option that names it: <c>--output</c>.</param>
    /// <param name="path">As the user typed it.</param>
    /// <exception cref="SystemFailureException">It is no name for a new file.</exception>
    public static AbsolutePath ResolveOutput(string option, string path)
    {
        var file = Resolve(path);
        var trouble = path.Length == 0 ? "names no file: it is empty"
            : OpenFiles.Any(place => file.Value.StartsWith(place, StringComparison.Ordinal)) ? "names no file on a disk"
            : HostDirectory.Exists(file.Value) ? "names a directory"
            : HostDirectory.Exists(file.Parent().Value) ? null : $"names a file in {file.Parent()}, and there is no such directory";
        return trouble is null
            ? file
            : throw new SystemFailureException(ErrorCodes.UsageWrong, $"'{option} {PlainText.OneLine(path, 200)}' {trouble}", $"Give the name of a file in a directory that is there: {option} FILE");
    }

    /// <summary>The root where our directory has a line break in its name, or is gone: only relative paths need it.</summary>
    public static AbsolutePath Here()
    {
        try
        {
            return AbsolutePath.TryParse(Environment.CurrentDirectory, out var here) ? here : new AbsolutePath("/");
        }
        catch (IOException)
        {
            return new AbsolutePath("/");
        }
    }
}
