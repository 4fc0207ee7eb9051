using System.CommandLine;
using VmExecutor.Core.Clones;
using VmExecutor.ProjectDisks;
using VmExecutor.Stages;

namespace VmExecutor.Commands;

/// <summary>The four stages as the runner calls them; only <c>run</c> gets arguments (docs/runner-contract.md section 2).</summary>
internal static class StageCommands
{
    /// <summary>True when the runner calls it.</summary>
    public static bool IsStage(string command) => command is "config" or "prepare" or "run" or "cleanup";

    public static Command Config(Invocation invocation, Option<string?> config)
    {
        var command = new Command("config", "Stage of GitLab Runner: resolve the job's image and print the driver's answer as JSON. Example: vm-executor config --config /etc/vm-executor/vm-executor.yaml");

        // Aside, since it does nothing but read files: one on a file system that hangs must not make us deaf to the runner.
        command.SetAction((parsed, _) => invocation.GuardStageAsync(
            "config",
            invocation.Error,
            (job, _, token) => Task.Run(() => new ConfigStage(invocation.Load(parsed.GetValue(config)).Settings, invocation.Output).Run(job), token).WaitAsync(token)));
        return command;
    }

    public static Command Prepare(Invocation invocation, Option<string?> config)
    {
        var start = new Option<string?>("--start") { Description = "Start cold, warm or by a standby clone, and in no other way; for bench.", Hidden = true };
        start.AcceptOnlyFromAmong("cold", "warm", "standby");
        var generation = new Option<int?>("--generation") { Description = "This generation of the image, if it is still there; for replay.", Hidden = true };
        var command = new Command("prepare", "Stage of GitLab Runner: make the job's linked clone, start it and wait until a script can run. Example: vm-executor prepare --config /etc/vm-executor/vm-executor.yaml") { start, generation };
        command.SetAction((parsed, _) => invocation.GuardStageAsync(
            "prepare",
            invocation.Output,
            async (job, log, token) =>
            {
                using var machine = invocation.Machine(parsed.GetValue(config));
                await new PrepareStage(machine, invocation.StageEnvironment, invocation.Report)
                    .RunAsync(job, Choice(parsed.GetValue(start)), parsed.GetValue(generation), log, token);
            }));
        return command;
    }

    public static Command Run(Invocation invocation, Option<string?> config)
    {
        var script = new Argument<string>("script") { Description = "The script that the runner made." };
        var subStage = new Argument<string>("sub-stage") { Description = "What the script is for, such as build_script; any name will do." };
        var command = new Command("run", "Stage of GitLab Runner: run one script in the job's VM. Example: vm-executor run --config /etc/vm-executor/vm-executor.yaml script.sh build_script") { script, subStage };
        command.SetAction((parsed, _) => invocation.GuardRunAsync(
            parsed.GetValue(config), () => DriverCommand.Resolve(parsed.GetRequiredValue(script)), parsed.GetRequiredValue(subStage)));
        return command;
    }

    public static Command Cleanup(Invocation invocation, Option<string?> config)
    {
        var command = new Command("cleanup", "Stage of GitLab Runner: destroy the job's VM and remove everything of it. Example: vm-executor cleanup --config /etc/vm-executor/vm-executor.yaml");
        command.SetAction((parsed, _) => invocation.GuardStageAsync(
            "cleanup",
            invocation.Error,
            async (job, log, token) =>
            {
                using var machine = invocation.MachineWithoutImages(parsed.GetValue(config));
                if (await new CleanupStage(machine, invocation.StageEnvironment, invocation.Report).RunAsync(job, log, token) is { Record.ProjectDisk: not null })
                {
                    await new DiskCollection(invocation, parsed.GetValue(config)).RunAsync(log, token);
                }
            }));
        return command;
    }

    private static StartChoice Choice(string? word) => word switch
    {
        "cold" => StartChoice.Cold,
        "warm" => StartChoice.Warm,
        "standby" => StartChoice.Standby,
        _ => StartChoice.Ladder,
    };
}
