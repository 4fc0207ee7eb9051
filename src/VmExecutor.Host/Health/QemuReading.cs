using System.Globalization;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Processes;

namespace VmExecutor.Host.Health;

/// <summary>Finds out whether the user QEMU runs as can read a file or pass through a directory.</summary>
/// <param name="tools">Runs what looks with that user's eyes.</param>
/// <param name="capabilities">libvirt's, which name the user; null: it could not be asked.</param>
public sealed class QemuReading(IToolRunner tools, string? capabilities)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);
    private readonly QemuUser? _user = capabilities is null ? null : QemuUser.Of(capabilities);

    /// <summary>The user's number; null: QEMU runs as we do, or libvirt does not say.</summary>
    public uint? User => _user?.User;

    /// <summary>The obstacle, and the command that helps; null: there is none, or QEMU's user is not known.</summary>
    /// <param name="path">A file, or a directory.</param>
    /// <param name="cancellationToken">Ends the look.</param>
    public async Task<(string What, string Command)?> ObstacleAsync(AbsolutePath path, CancellationToken cancellationToken)
    {
        if (_user is not { } user)
        {
            return null;
        }

        return ReadAccess.Obstacle(path, user.User, user.Group) is { } obstacle && !await MayAsync(tools, Question(path), path, user.User, user.Group, cancellationToken).ConfigureAwait(false)
            ? obstacle
            : null;
    }

    /// <summary>Modes do not tell of access lists and of further groups. Root can look with the user's own eyes; others have to believe the modes.</summary>
    /// <param name="tools">Runs what looks.</param>
    /// <param name="question">Of test(1): <c>-r</c>, <c>-w</c>, <c>-x</c>.</param>
    /// <param name="path">A file or directory.</param>
    /// <param name="user">Who is to look.</param>
    /// <param name="group">The user's first group.</param>
    /// <param name="cancellationToken">Ends the look.</param>
    internal static async Task<bool> MayAsync(IToolRunner tools, string question, AbsolutePath path, uint user, uint group, CancellationToken cancellationToken)
    {
        if (ProcessUser.Id != 0)
        {
            return false;
        }

        string[] arguments = [$"--reuid={Text(user)}", $"--regid={Text(group)}", "--init-groups", "--", "test", question, path.Value];
        try
        {
            var result = await tools.RunAsync(new ToolCall("setpriv", arguments) { Timeout = Limit }, cancellationToken).ConfigureAwait(false);
            return result.ExitCode == 0;
        }
        catch (Exception e) when (e is ToolMissingException or ToolTimedOutException)
        {
            return false;
        }
    }

    private static string Question(AbsolutePath path) => FileStat.TryRead(path) is { IsDirectory: true } ? "-x" : "-r";

    private static string Text(uint number) => number.ToString(CultureInfo.InvariantCulture);
}
