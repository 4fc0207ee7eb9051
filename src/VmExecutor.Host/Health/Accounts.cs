using System.Globalization;
using VmExecutor.Core.Health;
using VmExecutor.Host.Processes;

namespace VmExecutor.Host.Health;

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
