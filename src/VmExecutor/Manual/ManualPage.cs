using System.CommandLine;
using VmExecutor.Host.Runner;

namespace VmExecutor.Manual;

/// <summary>The manual page of a command, made of the same words as its <c>--help</c>: it cannot be out of date.</summary>
internal static class ManualPage
{
    /// <summary><c>vm-executor-image-publish</c>; the program's own is called as the program.</summary>
    public static string Name(IReadOnlyList<Command> path) => string.Join('-', path.Select(command => command is RootCommand ? DriverVersion.Name : command.Name));

    /// <param name="path">From the program to the command.</param>
    public static string Write(IReadOnlyList<Command> path)
    {
        var command = path[^1];
        var help = HelpText.Of(command.Description);
        var roff = new Roff().Title(Name(path), $"{DriverVersion.Name} {DriverVersion.Text}")
            .Section("NAME").Plain($"{Name(path)} - {help.Name}")
            .Section("SYNOPSIS").Plain(Synopsis(path))
            .Section("DESCRIPTION").Plain(help.Prose);
        if (Visible(command) is { Count: > 0 } commands)
        {
            roff.Section("COMMANDS");
            commands.ForEach(one => roff.Entry(one.Name, $"{HelpText.Of(one.Description).Name}. See {Name([.. path, one])}(1)."));
        }

        if (command.Arguments.Where(argument => !argument.Hidden).ToList() is { Count: > 0 } arguments)
        {
            roff.Section("ARGUMENTS");
            arguments.ForEach(argument => roff.Entry(Word(argument), argument.Description ?? ""));
        }

        roff.Section("OPTIONS");
        foreach (var option in Options(path))
        {
            roff.Entry(Word(option), option.Description ?? "");
        }

        if (help.Examples.Count > 0)
        {
            roff.Section("EXAMPLES");
            help.Examples.ToList().ForEach(example => roff.Code(example));
        }

        return roff
            .Section("EXIT STATUS")
            .Plain("0 if all is well; 1 if the command has found a problem; 2 if it failed, with an error code (VMX and a number) and what to do on standard error.")
            .Section("ENVIRONMENT")
            .Entry("VM_EXECUTOR_CONFIG", "The configuration file, where --config does not name one.")
            .Entry(RunnerHost.Variable, "Where the root directory of the machine is mounted that GitLab Runner runs on; else /, this machine.")
            .Section("FILES")
            .Entry("/etc/vm-executor/vm-executor.yaml", "The configuration; the images are beside it, in images/.")
            .Section("SEE ALSO")
            .Plain(SeeAlso(path))
            .ToString();
    }

    /// <summary>The commands that people see, in the order of <c>--help</c>.</summary>
    public static List<Command> Visible(Command command) => [.. command.Subcommands.Where(one => !one.Hidden)];

    private static string Synopsis(IReadOnlyList<Command> path)
    {
        var command = path[^1];
        var words = path.Select(one => one is RootCommand ? DriverVersion.Name : one.Name).ToList();
        words.AddRange(Visible(command).Count > 0 ? ["COMMAND"] : command.Arguments.Where(argument => !argument.Hidden).Select(Word));
        return string.Join(' ', [.. words, "[OPTION]..."]);
    }

    private static string Word(Argument argument)
    {
        var name = (argument.HelpName ?? argument.Name).ToUpperInvariant();
        return argument.Arity switch
        {
            { MinimumNumberOfValues: 0, MaximumNumberOfValues: > 1 } => $"[{name}...]",
            { MaximumNumberOfValues: > 1 } => $"{name}...",
            { MinimumNumberOfValues: 0 } => $"[{name}]",
            _ => name,
        };
    }

    private static string Word(Option option)
    {
        // System.CommandLine has /h and -? as well, which are no use here.
        var names = string.Join(", ", option.Aliases.Append(option.Name).Distinct().Where(name => name.StartsWith('-')).OrderBy(name => name.Length));
        return option.Arity.MaximumNumberOfValues == 0 || option.ValueType == typeof(bool) ? names : $"{names} {option.HelpName ?? "VALUE"}";
    }

    private static IEnumerable<Option> Options(IReadOnlyList<Command> path) =>
        path[^1].Options.Concat(path.SkipLast(1).SelectMany(above => above.Options.Where(option => option.Recursive))).Where(option => !option.Hidden).DistinctBy(option => option.Name);

    private static string SeeAlso(IReadOnlyList<Command> path)
    {
        var above = path.Count > 1 ? [$"{Name([.. path.SkipLast(1)])}(1)"] : Array.Empty<string>();
        return string.Join(", ", [.. above, "gitlab-runner(1)", "virsh(1)", "qemu-img(1)"]) + "; /usr/share/doc/vm-executor.";
    }
}
