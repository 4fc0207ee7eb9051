using System.CommandLine;
using VmExecutor.Host.Files;
using VmExecutor.Manual;

namespace VmExecutor.Commands;

/// <summary><c>vm-executor manual DIRECTORY</c>: writes the manual pages, for makers of packages.</summary>
internal static class ManualCommand
{
    public static Command Create(Invocation invocation, RootCommand root)
    {
        var directory = new Argument<string>("directory") { Description = "Where they go." };
        var command = new Command("manual", "Write the manual page of each command. Example: vm-executor manual ./man") { directory };
        command.Hidden = true;
        command.SetAction((parsed, _) => Task.FromResult(invocation.GuardAdmin(() =>
        {
            var target = DriverCommand.Resolve(parsed.GetRequiredValue(directory)).Value;
            try
            {
                HostDirectory.CreateDirectory(target);
                foreach (var path in Paths([root]))
                {
                    HostFile.WriteAllText(Path.Combine(target, $"{ManualPage.Name(path)}.1"), ManualPage.Write(path));
                }
            }
            catch (Exception e) when (HostFileException.Explains(e))
            {
                throw new HostFileException($"the manual pages cannot be written to {target}", e);
            }

            return ExitCodes.Success;
        })));
        return command;
    }

    /// <summary>Each command below the last of a path, and that itself.</summary>
    private static IEnumerable<IReadOnlyList<Command>> Paths(IReadOnlyList<Command> path) =>
        ManualPage.Visible(path[^1]).SelectMany(command => Paths([.. path, command])).Prepend(path);
}
