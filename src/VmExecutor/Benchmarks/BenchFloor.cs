using VmExecutor.Core.Benchmarks;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;
using VmExecutor.Host;
using VmExecutor.Host.Processes;

namespace VmExecutor.Benchmarks;

/// <summary>Measures a clone's floor: the bare commands that a job cannot do without, over the connection that prepare has left open.</summary>
internal sealed class BenchFloor(Machine machine)
{
    /// <param name="record">The clone's; its VM is gone afterwards.</param>
    /// <param name="directory">The clone's.</param>
    /// <param name="cancellationToken">Ends each wait at once.</param>
    /// <exception cref="ToolMissingException">There is no virsh.</exception>
    /// <exception cref="ToolFailedException">A command failed.</exception>
    public async Task<FloorMeasurement> MeasureAsync(JobRecord record, AbsolutePath directory, CancellationToken cancellationToken)
    {
        var ready = await MeasureAsync(Ssh(directory, "true"), cancellationToken);
        var scripts = new List<double>();
        var shell = Enum.Parse<GuestShell>(record.Shell, ignoreCase: true);
        for (var script = 0; script < Floor.SubStages; script++)
        {
            scripts.Add(await MeasureAsync(Ssh(directory, Bare(shell)) with { Input = RunnerScript.Wrap(shell, Floor.Script, posix: false) }, cancellationToken));
        }

        return new FloorMeasurement(ready, scripts, await MeasureAsync(new ToolCall("virsh", ["-q", "-c", record.LibvirtUri, "destroy", record.Domain]), cancellationToken));
    }

    /// <summary>The shell that reads the script from its stdin.</summary>
    private static string Bare(GuestShell shell) =>
        shell == GuestShell.Pwsh ? "pwsh -NoProfile -NonInteractive -Command -" : $"{ScriptWrapper.Program(shell)} -s";

    private static ToolCall Ssh(AbsolutePath directory, string command) =>
        new("ssh", ["-F", "/dev/null", "-S", JobFiles.ControlSocket.Name, "guest", command]) { WorkingDirectory = directory };

    private async Task<double> MeasureAsync(ToolCall call, CancellationToken cancellationToken)
    {
        var started = machine.Time.GetTimestamp();
        (await machine.Tools.RunAsync(call, cancellationToken)).EnsureSuccess();
        return Math.Round(machine.Time.GetElapsedTime(started).TotalSeconds, 3);
    }
}
