using VmExecutor.Core.Configuration;
using VmExecutor.Core.Standby;
using VmExecutor.Host;
using VmExecutor.Host.Files;
using VmExecutor.Host.Processes;

namespace VmExecutor.StandingBy;

/// <summary>
/// Begins <c>standby fill</c> beside a stage that took a clone or made room for one, at a low priority. The fill has a session of its own and none of the
/// stage's streams, so the runner neither waits for it nor ends it.
/// </summary>
internal sealed class StandbyRefill(Machine machine)
{
    /// <summary>Longer than starting a process takes.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    private const string Unit = "vm-executor-standby";

    /// <summary>The link by which <c>systemctl enable</c> says that the timer is to run.</summary>
    private const string Enabled = $"/etc/systemd/system/timers.target.wants/{Unit}.timer";

    // Both only start something and are over at once. On a host with the unit the fill belongs to it, so that journald and the unit's limits have it.
    private const string Begin =
        """
        exec </dev/null >/dev/null 2>&1
        unit=$1; shift
        [ -n "$unit" ] && systemctl start --no-block "$unit" && exit
        exec setsid -f nice -n 10 "$@"
        """;

    /// <summary>True where standby clones are wanted, or were at the last fill.</summary>
    private bool IsWanted(ImageDefinition? image) => (image is not null && StandbyNeed.Of(image).Count > 0) || HostFile.Exists(machine.StateDir.Child(StateFiles.Standby).Value);

    /// <summary>Begins it, if clones are wanted. What goes wrong here is no matter of the job; the next stage or the timer begins it again.</summary>
    /// <param name="image">The job's; null: not known.</param>
    public async Task BeginAsync(ImageDefinition? image)
    {
        try
        {
            if (!IsWanted(image) || machine.Drain.Read() is not null || Environment.ProcessPath is not { } driver || Path.GetFileName(driver) != DriverVersion.Name)
            {
                return;
            }

            var unit = Environment.IsPrivilegedProcess && HostFile.Look(Enabled) == Presence.There ? $"{Unit}.service" : "";
            await machine.Tools.RunAsync(
                new ToolCall("sh", ["-c", Begin, "sh", unit, driver, "standby", "fill", "--config", machine.Settings.File.Value]) { Timeout = Limit }, CancellationToken.None);
        }
        catch (Exception e) when (e is Core.Failures.DriverException || HostFileException.Explains(e))
        {
            // As above.
        }
    }
}
