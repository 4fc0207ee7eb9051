using System.CommandLine;
using VmExecutor.Core.Values;
using VmExecutor.Host.Observing;
using VmExecutor.Observing;

namespace VmExecutor.Commands;

/// <summary><c>vm-executor metrics</c>: numbers for Prometheus.</summary>
internal static class MetricsCommand
{
    public static Command Create(Invocation invocation, Option<string?> config)
    {
        var output = new Option<string?>("--output", "-o")
        {
            Description = "Write them into this file, as a whole, and print nothing; node_exporter's textfile collector wants its name to end in .prom.",
            HelpName = "FILE",
        };
        var command = new Command(
            "metrics",
            "Print the numbers of jobs, VMs, images, memory and disk in Prometheus' text format. Example: vm-executor metrics --output /var/lib/prometheus/node-exporter/vm-executor.prom")
        {
            output,
        };
        command.SetAction((parsed, _) => invocation.GuardAdminAsync(async token =>
        {
            AbsolutePath? file = parsed.GetValue(output) is { } path ? DriverCommand.ResolveOutput("--output", path) : null;
            using var machine = invocation.MachineWithoutImages(parsed.GetValue(config));
            var text = await new MetricsFile(machine).ReadAsync(file, token);
            foreach (var overgrown in LedgerFile.Overgrown(machine.StateDir))
            {
                new JobLog(invocation.Error).Warn($"of {overgrown} only the beginning and the end are counted: it is far larger than the driver lets it get. Move it away; another program has written to it.");
            }

            if (file is null)
            {
                await invocation.Output.WriteAsync(text);
            }

            return ExitCodes.Success;
        }));
        return command;
    }
}
