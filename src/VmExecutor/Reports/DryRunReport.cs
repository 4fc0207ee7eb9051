using VmExecutor.Core.Clones.Parts;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Values;
using VmExecutor.GitlabCi;
using VmExecutor.Trials.DryRuns;

namespace VmExecutor.Reports;

/// <summary><c>try --dry-run</c> for people: the VM, then the job, then its scripts.</summary>
internal static class DryRunReport
{
    private const int LongestText = 300;
    private const int LongestValue = 2000;
    private const string Indent = "    ";

    public static void Print(TrialOutlook outlook, TextWriter output)
    {
        output.WriteLine("Nothing was started, made or written. Without --dry-run:");
        output.WriteLine();
        foreach (var (name, text) in Lines(outlook))
        {
            output.WriteLine($"{name,-12} {text}");
        }

        if (outlook.Variables.Count > 0)
        {
            output.WriteLine();
            output.WriteLine("--- variables (ids are made up, and others in the next trial)");
            foreach (var variable in outlook.Variables)
            {
                output.WriteLine($"{Indent}{variable.Name}={PlainText.OneLine(variable.Value, LongestValue)}");
            }
        }

        foreach (var script in outlook.Scripts)
        {
            output.WriteLine();
            output.WriteLine($"--- {script.SubStage}");
            foreach (var line in PlainText.Lines(script.Body).TrimEnd('\n').Split('\n'))
            {
                output.WriteLine($"{Indent}{line}");
            }
        }
    }

    /// <summary>The origin of the machine, in words.</summary>
    public static string Source(MachineOutlook machine) => (machine.Plan.Generation, machine.Plan.Image.Source) switch
    {
        ({ } generation, _) => $"generation {generation.Number}, published {generation.Record.Published:yyyy-MM-dd} (of {generation.Record.SourceKind} {Plain(generation.Record.Source)})",
        (_, ImageSource.Domain domain) => $"source domain '{Plain(domain.Name)}' itself, since the image was never published",
        (_, ImageSource.DiskFile file) => $"{file.Path} itself, since the image was never published",
        _ => "unknown",
    };

    private static IEnumerable<(string Name, string Text)> Lines(TrialOutlook outlook)
    {
        var (machine, job, image) = (outlook.Machine, outlook.Job, outlook.Machine.Plan.Image);
        yield return ("image", $"'{image.Name}' ({image.File}), {Choice(machine, job.Image)}");
        yield return ("source", Source(machine));
        yield return ("VM", $"{machine.Sizes?.ToString() ?? "sizes as the source has them"}; {machine.Accelerator switch
        {
            null => "KVM if it works, else emulation (not tried yet)",
            "tcg" => "emulated (tcg), without KVM",
            var known => known,
        }}");
        yield return ("machine", $"{Parts(machine)}; each part with its reason: {DriverVersion.Name} image explain {image.Name}");
        yield return ("start", $"{machine.Start.Kind}: {Plain(machine.Start.Why)}");
        yield return ("network", image.Network.Mode == NetworkMode.User
            ? "user mode: a network of its own, reached by a loopback port of this host"
            : $"libvirt network '{Plain(image.Network.Name)}'");
        yield return ("login", $"as '{Plain(image.Ssh.User)}' by ssh, scripts run by {image.Shell.ToString().ToLowerInvariant()}");
        if (image.Tools.Count > 0)
        {
            yield return ("tools", string.Join(", ", image.Tools.Select(tool => $"{tool.Source?.Value ?? ToolSettings.GitLabRunner} as {Plain(tool.Target)}")));
        }

        if (image.PrepareHook is { } hook)
        {
            yield return ("hook", $"{hook.Script} before the job's scripts");
        }

        yield return ("job", $"'{Plain(job.Name)}' of stage '{Plain(job.Stage)}', ended after {DurationText.Format(job.Timeout)}");
        yield return ("sources", Sources(outlook));
        yield return ("artifacts", Artifacts(outlook));
        foreach (var service in machine.Services)
        {
            yield return ("service", $"{Plain(service.Service.ToString())}: {Service(service, image.Services.Engine)}");
        }

        yield return ("caches", "none are restored or kept");
        yield return ("end", outlook.Keep ? "the VM is kept (--keep)" : "the VM is removed");
    }

    private static string Choice(MachineOutlook machine, string? wanted) => machine.Match switch
    {
        { IsDefault: true } => "the default image, since the job names none",
        { Pattern: { } pattern } => $"whose pattern '{Plain(pattern)}' matches '{Plain(wanted ?? "")}'",
        _ => "by its name",
    };

    private static string Service(ServiceOutlook service, ServiceEngine engine) => service.Vm switch
    {
        { } vm => $"a VM of its own, of image '{vm.Plan.Image.Name}' ({Source(vm)}), {vm.Sizes?.ToString() ?? "sizes as the source has them"}; {vm.Start.Kind}: {Plain(vm.Start.Why)}",
        null => engine switch
        {
            ServiceEngine.Off => "not started, since 'services: engine' of the image is off",
            ServiceEngine.Auto => "a container in the VM, by podman or docker",
            var one => $"a container in the VM, by {one.ToString().ToLowerInvariant()}",
        },
    };

    private static string Parts(MachineOutlook machine)
    {
        if (machine.Sizes is null)
        {
            return "not looked at";
        }

        int Count(Treatment treatment) => machine.Findings.Count(finding => finding.Treatment == treatment);
        return $"{Count(Treatment.Kept)} parts of the source are kept, {Count(Treatment.MadeOwn)} are made the clone's own, {Count(Treatment.LeftOut)} are left out";
    }

    private static string Sources(TrialOutlook outlook) => outlook switch
    {
        { Sources: null } => $"none: {Plain(outlook.Project)} is empty",
        { Sources: { WithChanges: true } sources } => $"{sources.Repository} with what is not committed{Commit(outlook)}, in {Plain(outlook.Project)}",
        { Sources: { } sources } => $"HEAD of {sources.Repository}{Commit(outlook)}, in {Plain(outlook.Project)}",
    };

    private static string Commit(TrialOutlook outlook) =>
        outlook.Repository?.Commit is { } commit ? $" ({commit.Sha[..Math.Min(8, commit.Sha.Length)]} {Plain(commit.Message.Split('\n')[0])})" : "";

    private static string Artifacts(TrialOutlook outlook) => outlook switch
    {
        { Artifacts: null } => "none",
        { ArtifactsDirectory: null } => "not brought to the host: that needs find and tar in the guest, and the image has 'shell: pwsh'",
        { Artifacts: { } artifacts, ArtifactsDirectory: { } directory } =>
            $"{Plain(string.Join(", ", [.. artifacts.Paths, .. artifacts.Untracked ? ["untracked files"] : Array.Empty<string>()]))}"
            + $"{(artifacts.Exclude.Count > 0 ? $" without {Plain(string.Join(", ", artifacts.Exclude))}" : "")} to {directory} {When(artifacts.When)}",
    };

    private static string When(CiArtifactsWhen when) => when switch
    {
        CiArtifactsWhen.Always => "in any case",
        CiArtifactsWhen.OnFailure => "if the job fails",
        _ => "if the job succeeds",
    };

    private static string Plain(string text) => PlainText.OneLine(text, LongestText);
}
