using System.Text.Json;
using VmExecutor.Core.Clones.Parts;
using VmExecutor.Core.Configuration;
using VmExecutor.GitlabCi;
using VmExecutor.Trials.DryRuns;

namespace VmExecutor.Reports;

/// <summary><c>try --dry-run --json</c>. No key and none of its words is ever renamed.</summary>
internal static class DryRunJson
{
    public static string Write(TrialOutlook outlook, IEnumerable<string> warnings) => JsonText.Write(json =>
    {
        WriteImage(json, outlook);
        WriteMachine(json, outlook.Machine);
        WriteJob(json, outlook);
        json.WriteStartArray("variables");
        foreach (var variable in outlook.Variables)
        {
            json.WriteStartObject();
            json.WriteString("name", variable.Name);
            json.WriteString("value", variable.Value);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("scripts");
        foreach (var script in outlook.Scripts)
        {
            json.WriteStartObject();
            json.WriteString("sub_stage", script.SubStage);
            json.WriteString("body", script.Body);
            json.WriteString("sent", script.Sent);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        WriteServices(json, outlook.Machine);
        json.WriteTexts("warnings", warnings);
    });

    private static void WriteImage(Utf8JsonWriter json, TrialOutlook outlook)
    {
        var (machine, image) = (outlook.Machine, outlook.Machine.Plan.Image);
        json.WriteStartObject("image");
        json.WriteString("name", image.Name.Value);
        json.WriteString("file", image.File.Value);
        json.WriteString("asked_for", outlook.Job.Image);
        json.WriteString("chosen_by", machine.Match.IsDefault ? "default" : machine.Match.Pattern is null ? "name" : "pattern");
        json.WriteString("pattern", machine.Match.Pattern);
        json.WriteEndObject();
        json.WriteStartObject("source");
        json.WriteString("text", DryRunReport.Source(machine));
        if (machine.Plan.Generation is { } generation)
        {
            json.WriteNumber("generation", generation.Number);
        }
        else
        {
            json.WriteNull("generation");
        }

        json.WriteEndObject();
    }

    private static void WriteMachine(Utf8JsonWriter json, MachineOutlook machine)
    {
        var image = machine.Plan.Image;
        WriteStart(json, machine);
        json.WriteString("accelerator", machine.Accelerator);
        WriteSizes(json, machine);
        json.WriteStartObject("network");
        json.WriteString("mode", image.Network.Mode.ToString().ToLowerInvariant());
        json.WriteString("name", image.Network.Mode == NetworkMode.Libvirt ? image.Network.Name : null);
        json.WriteEndObject();
        json.WriteStartObject("parts");
        foreach (var treatment in Enum.GetValues<Treatment>())
        {
            json.WriteNumber(PartWords.Id(treatment), machine.Findings.Count(finding => finding.Treatment == treatment));
        }

        json.WriteEndObject();
    }

    private static void WriteStart(Utf8JsonWriter json, MachineOutlook machine)
    {
        json.WriteStartObject("start");
        json.WriteString("kind", machine.Start.Kind);
        json.WriteString("why", machine.Start.Why);
        json.WriteEndObject();
    }

    private static void WriteSizes(Utf8JsonWriter json, MachineOutlook machine)
    {
        json.WriteStartObject("sizes");
        json.WriteNumber("cpus", machine.Sizes?.Cpus);
        json.WriteNumber("memory_bytes", machine.Sizes?.Memory.Bytes);
        json.WriteNumber("disk_bytes", machine.Sizes?.Disk.Bytes);
        json.WriteEndObject();
    }

    private static void WriteServices(Utf8JsonWriter json, MachineOutlook machine)
    {
        json.WriteStartArray("services");
        foreach (var service in machine.Services)
        {
            json.WriteStartObject();
            json.WriteString("name", service.Service.Wanted.Image);
            json.WriteTexts("names", service.Service.Names);
            json.WriteString("kind", service.Vm is not null ? "vm" : machine.Plan.Image.Services.Engine == ServiceEngine.Off ? "none" : "container");
            json.WriteString("image", service.Vm?.Plan.Image.Name.Value);
            if (service.Vm is { } vm)
            {
                WriteStart(json, vm);
                WriteSizes(json, vm);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteJob(Utf8JsonWriter json, TrialOutlook outlook)
    {
        json.WriteStartObject("job");
        json.WriteString("name", outlook.Job.Name);
        json.WriteString("stage", outlook.Job.Stage);
        json.WriteNumber("timeout_seconds", outlook.Job.Timeout.TotalSeconds);
        json.WriteString("shell", outlook.Machine.Plan.Image.Shell.ToString().ToLowerInvariant());
        json.WriteString("project_directory", outlook.Project);
        json.WriteString("repository", outlook.Sources?.Repository.Value);
        json.WriteString("commit", outlook.Repository?.Commit?.Sha);
        json.WriteBoolean("with_changes", outlook.Sources?.WithChanges == true);
        json.WriteBoolean("keep", outlook.Keep);
        json.WriteEndObject();
        if (outlook.Artifacts is not { } artifacts)
        {
            json.WriteNull("artifacts");
            return;
        }

        json.WriteStartObject("artifacts");
        json.WriteTexts("paths", artifacts.Paths);
        json.WriteTexts("exclude", artifacts.Exclude);
        json.WriteBoolean("untracked", artifacts.Untracked);
        json.WriteString("when", artifacts.When switch
        {
            CiArtifactsWhen.Always => "always",
            CiArtifactsWhen.OnFailure => "on_failure",
            _ => "on_success",
        });
        json.WriteString("directory", outlook.ArtifactsDirectory?.Value);
        json.WriteEndObject();
    }
}
