using System.Globalization;
using VmExecutor.Core.Health;
using VmExecutor.Host.Processes;

namespace VmExecutor.Host.Health;

/// <summary>A user as the host's databases have it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Id">Its number.</param>
/// <param name="Group">The number of its first group.</param>
public sealed record HostUser(string Name, uint Id, uint Group);

/// <summary>Looks users up as the host's databases have them (getent(1)), wherever those are.</summary>
public sealed class Accounts(IToolRunner tools)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    public async Task<Account> FindAsync(uint id, CancellationToken cancellationToken)
    {
        var number = id.ToString(CultureInfo.InvariantCulture);
        var name = (await AskAsync("getent", ["passwd", number], cancellationToken).ConfigureAwait(false))?.Split(':')[0].Trim();
        var groups = string.IsNullOrEmpty(name) ? null : await AskAsync("id", ["-Gn", "--", name], cancellationToken).ConfigureAwait(false);
        return new Account(id, string.IsNullOrEmpty(name) ? null : name, groups?.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries) ?? []);
    }

    /// <summary>Null: there is no such user, or the databases do not answer.</summary>
    /// <param name="user">A name, or a number.</param>
    /// <param name="cancellationToken">Ends the look.</param>
    public async Task<HostUser?> FindAsync(string user, CancellationToken cancellationToken) =>
        (await AskAsync("getent", ["passwd", "--", user], cancellationToken).ConfigureAwait(false))?.Split(':') is [{ Length: > 0 } name, _, var id, var group, ..]
        && uint.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && uint.TryParse(group, NumberStyles.None, CultureInfo.InvariantCulture, out var first)
            ? new HostUser(name, number, first)
            : null;

    /// <summary>Null: the databases do not have it, or do not answer; then a number has to do.</summary>
    private async Task<string?> AskAsync(string program, IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        try
        {
            var result = await tools.RunAsync(new ToolCall(program, arguments) { Timeout = Limit }, cancellationToken).ConfigureAwait(false);
            return result.ExitCode == 0 ? result.StandardOutput : null;
        }
        catch (Exception e) when (e is ToolMissingException or ToolTimedOutException)
        {
            return null;
        }
    }
}
