using System.CommandLine;
using VmExecutor.Core.Health;
using VmExecutor.Core.Values;
using VmExecutor.Health;
using VmExecutor.Reports;

namespace VmExecutor.Commands;

/// <summary><c>vm-executor doctor</c>: what is wrong with this host, and what to do.</summary>
internal static class DoctorCommand
{
    public static Command Create(Invocation invocation, Option<string?> config)
    {
        var json = new Option<bool>("--json") { Description = "Print one JSON document." };
        var deep = new Option<bool>("--deep") { Description = "Also start a VM and look at the network from inside. Takes as long as a job's start." };
        var image = new Option<string?>("--image") { Description = "With --deep: the image whose VM is started; else default_image.", HelpName = "NAME" };
        var reach = new Option<string?>("--reach") { Description = "With --deep: the host and port that the guest must reach; else those of the GitLab in config.toml.", HelpName = "HOST:PORT" };
        reach.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } text && ReachTarget.TryParse(text) is null)
            {
                result.AddError($"--reach takes a host and a port, such as gitlab.example.com:443, not '{PlainText.OneLine(text, 60)}'.");
            }
        });
        var toml = new Option<string?>("--config-toml") { Description = "GitLab Runner's configuration; else where a running one has it, else /etc/gitlab-runner/config.toml.", HelpName = "FILE" };
        var command = new Command(
            "doctor",
            "Say what is wrong with this host and what to do: libvirt, KVM, rights, disk, memory, networks, images, GitLab Runner's configuration, leftovers. "
            + "Repairs nothing itself. Exit code: 0 all is well, 1 there are warnings, 2 there are problems. Example: vm-executor doctor --deep")
        {
            json, deep, image, reach, toml,
        };
        command.Validators.Add(result =>
        {
            if (!result.GetValue(deep) && (result.Has(image) || result.Has(reach)))
            {
                result.AddError("--image and --reach go with --deep.");
            }
        });
        command.SetAction((parsed, _) => invocation.GuardAdminAsync(async token =>
        {
            var request = new DoctorRequest(
                parsed.GetValue(config),
                parsed.GetValue(toml) is { } path ? DriverCommand.Resolve(path) : null,
                parsed.GetValue(deep),
                parsed.GetValue(image) is { } name ? KnownImage(invocation, parsed.GetValue(config), ImageCommand.Name(name)) : null,
                parsed.GetValue(reach) is { } target ? ReachTarget.TryParse(target) : null);
            var diagnosis = await invocation.ShowAsync("looking at this host", () => new HealthTasks(invocation, request).ExamineAsync(token));
            if (parsed.GetValue(json))
            {
                invocation.Output.WriteLine(HealthJson.Write(diagnosis));
            }
            else
            {
                HealthReport.Print(diagnosis, invocation.Output);
            }

            return ExitCodes.For(diagnosis.Worst);
        }));
        return command;
    }

    /// <summary>
    /// Refuses a name that is no image's: the user has mistyped it. If the images cannot be read, doctor says so itself.
    /// </summary>
    private static ImageName KnownImage(Invocation invocation, string? config, ImageName name)
    {
        try
        {
            var images = invocation.Load(config).Settings.Images.Select(image => image.Name).ToList();
            return images.Contains(name) ? name : throw ImageCommand.Unknown(name, images);
        }
        catch (Core.Configuration.ConfigurationException)
        {
            return name;
        }
    }
}
