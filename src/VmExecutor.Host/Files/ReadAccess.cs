using System.Globalization;
using VmExecutor.Core.Values;

namespace VmExecutor.Host.Files;

/// <summary>
/// Finds the reason why another user cannot read a file, as far as mode bits tell. Access lists and further groups may still allow it, so
/// this explains a refusal that has happened and never makes one.
/// </summary>
internal static class ReadAccess
{
    /// <summary>The obstacle and the command that helps; null: there is none.</summary>
    public static (string What, string Command)? Obstacle(AbsolutePath file, uint user, uint group)
    {
        foreach (var path in Ancestors(file))
        {
            if (FileStat.TryRead(path) is not { } stat)
            {
                return ($"{path} does not exist", $"ls -ld {path}");
            }

            var (own, grouped, other, letter) = stat.IsDirectory
                ? (UnixFileMode.UserExecute, UnixFileMode.GroupExecute, UnixFileMode.OtherExecute, 'x')
                : (UnixFileMode.UserRead, UnixFileMode.GroupRead, UnixFileMode.OtherRead, 'r');
            var needed = stat.Owner == user ? own : stat.Group == group ? grouped : other;
            if (user != 0 && !stat.Mode.HasFlag(needed))
            {
                var verb = stat.IsDirectory ? "pass through" : "read";
                return (
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"the user QEMU runs as ({user}) may not {verb} {path} (owner {stat.Owner}, mode {Convert.ToString((int)stat.Mode, 8)})"),
                    $"chmod a+{letter} {path}");
            }
        }

        return null;
    }

    private static Stack<AbsolutePath> Ancestors(AbsolutePath file)
    {
        var stack = new Stack<AbsolutePath>([file]);
        while (stack.Peek().Value != "/")
        {
            stack.Push(stack.Peek().Parent());
        }

        return stack;
    }
}
