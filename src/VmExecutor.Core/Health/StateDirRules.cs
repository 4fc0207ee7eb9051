using VmExecutor.Core.Guests;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Health;

/// <summary>What was seen of <c>state_dir</c>.</summary>
/// <param name="Path">Which.</param>
/// <param name="Mode">Null: it is not there.</param>
/// <param name="IsDirectory">Whether it is one.</param>
/// <param name="IsWritable">Whether who looks may write there; of one that is not there, whether it could be made.</param>
/// <param name="Obstacle">What keeps QEMU's user from passing through, and the command that helps; null: nothing is known.</param>
public sealed record StateDirLook(AbsolutePath Path, UnixFileMode? Mode, bool IsDirectory, bool IsWritable, (string What, string Command)? Obstacle);

/// <summary>Whether jobs can live in <c>state_dir</c> and QEMU can pass through it.</summary>
public static class StateDirRules
{
    public static IReadOnlyList<Finding> Decide(StateDirLook look, string user)
    {
        var path = ShellText.Quote(look.Path.Value);
        if (look.Mode is not { } mode)
        {
            return
            [
                look.IsWritable
                    ? Checks.StateDir.Ok($"{look.Path} is not there yet; the first job makes it")
                    : Checks.StateDir.Problem($"{look.Path} is not there, and {user} may not make it", $"install -d -m 0711 -o {user} {path}"),
            ];
        }

        if (!look.IsDirectory)
        {
            return [Checks.StateDir.Problem($"{look.Path} is not a directory", $"mv {path} {path}.old && install -d -m 0711 -o {user} {path}")];
        }

        List<Finding> findings = [];
        if (!look.IsWritable)
        {
            findings.Add(Checks.StateDir.Problem($"{user} may not write into {look.Path} (mode {Octal(mode)}), or its file system is read-only", $"findmnt -T {path}; chown -R {user}: {path}"));
        }

        if (look.Obstacle is var (what, command))
        {
            findings.Add(Checks.StateDir.Problem($"{what}: VMs do not start", command));
        }

        if (mode.HasFlag(UnixFileMode.OtherWrite))
        {
            findings.Add(Checks.StateDir.Problem($"everybody may write into {look.Path} (mode {Octal(mode)}): any user could exchange images and scripts", $"chmod o-w {path}"));
        }

        return findings.Count > 0 ? findings : [Checks.StateDir.Ok($"{look.Path} (mode {Octal(mode)}) can be written by {user} and passed by QEMU")];
    }

    private static string Octal(UnixFileMode mode) => Convert.ToString((int)mode, 8);
}
