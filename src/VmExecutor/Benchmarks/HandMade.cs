using System.Globalization;
using VmExecutor.Core.Benchmarks;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Images;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Templates;
using VmExecutor.Core.Values;
using VmExecutor.Host;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Files;
using VmExecutor.Host.Processes;
using VmExecutor.Trials;

namespace VmExecutor.Benchmarks;

/// <summary>
/// The hypervisor steps of a warm start as a shell script does them (executor/warm-by-hand), so that the driver's own part is seen. The clone has
/// the name, stamp and directory of a job: whatever becomes of us, cleanup or gc removes it.
/// </summary>
internal sealed class HandMade(Machine machine, AbsolutePath? script, TextWriter error)
{
    /// <summary>As a kind of start.</summary>
    public const string Name = "by hand";

    /// <summary>Beside the program, or in PATH.</summary>
    public const string ScriptName = "warm-by-hand";

    /// <summary>The path of the script; null: it is not found.</summary>
    public static AbsolutePath? FindScript(ToolEnvironment environment)
    {
        var beside = Path.Combine(Path.GetDirectoryName(Environment.ProcessPath)!, ScriptName);
        try
        {
            return new AbsolutePath(HostFile.Look(beside) == Presence.There ? beside : environment.Find(ScriptName));
        }
        catch (ToolMissingException)
        {
            return null;
        }
    }

    /// <summary>Null: it can be done for this image.</summary>
    public string? WhyNot(ImageDefinition image)
    {
        if (script is null || HostFile.Look(script.Value) != Presence.There)
        {
            return script is null ? $"there is no {ScriptName} beside the program or in PATH; name it with --by-hand" : $"there is no {script}";
        }

        if (image.Network.Mode != NetworkMode.User || image.Ssh.Key is null)
        {
            return $"{ScriptName} knows images with a user-mode network and a baked-in key only";
        }

        try
        {
            machine.ToolEnvironment.Find("virsh");
            return null;
        }
        catch (ToolMissingException)
        {
            return "virsh is not installed";
        }
    }

    /// <param name="image">The image.</param>
    /// <param name="generation">The generation of its template.</param>
    /// <param name="template">The template that the clone wakes up from.</param>
    /// <param name="cancellationToken">Ends the script, which removes what it has made.</param>
    /// <exception cref="SystemFailureException">A step failed.</exception>
    public async Task<Measurement> RunAsync(ImageDefinition image, Generation generation, Template template, CancellationToken cancellationToken)
    {
        using var stages = new TrialStages(machine.Settings, TrialJob.New(image.Name.Value));
        var plan = ClonePlan.For(stages.Job, machine.Settings) with { Generation = generation };
        var stamp = plan.Stamp(ProcessTable.Self(), temporaryDirectory: null, HostClock.Now(), machine.Time.GetUtcNow());
        new JobDirectory(stages.Job.Key, stages.Paths).Create(new JobRecord
        {
            Stamp = stamp,
            Domain = plan.Domain.Value,
            LibvirtUri = machine.Hypervisor.Uri,
            Shell = image.Shell.ToString().ToLowerInvariant(),
            Start = "warm",
            Template = template.Directory.Value,
        });
        try
        {
            var xml = stages.Paths.HandMade;
            await HostFile.WriteAllTextAsync(xml.Value, await new HandMadeMachine(machine).WriteAsync(template, plan, stamp, cancellationToken), cancellationToken);
            var result = await machine.Tools.RunAsync(
                new ToolCall(script!.Value,
                [
                    machine.Hypervisor.Uri, xml.Value, template.Directory.Value, stages.Paths.Directory.Value, image.Ssh.Key!.Value, image.Ssh.User,
                    image.Ssh.Port.ToString(CultureInfo.InvariantCulture),
                ]),
                cancellationToken);
            return result.ExitCode == 0 ? Read(result.StandardOutput) : throw new ToolFailedException(result);
        }
        finally
        {
            var (exitCode, answer) = await stages.RunAsync(["cleanup"], StageOutput.Kept, CancellationToken.None);
            if (exitCode != 0)
            {
                await error.WriteAsync(answer);
            }
        }
    }

    /// <summary>Reads lines <c>create 0.612</c>.</summary>
    internal static Measurement Read(string output)
    {
        List<KeyValuePair<string, double>> steps =
        [
            .. from line in output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
               let words = line.Split(' ')
               select KeyValuePair.Create(words[0], double.Parse(words[1], CultureInfo.InvariantCulture)),
        ];
        return new Measurement { Phases = steps, PrepareSeconds = steps.Sum(step => step.Value) };
    }
}
