using VmExecutor.Core.Values;
using YamlDotNet.RepresentationModel;

namespace VmExecutor.Core.Configuration.Binding;

/// <summary>
/// What came of an image's file. The name is known even when the image has errors; a null name or image is wrong or lacks
/// something, which has been reported.
/// </summary>
internal sealed record BoundImage(ImageName? Name, Position NameAt, ImageDefinition? Image);

/// <summary>From the mapping of an image's file to the image.</summary>
internal sealed class ImageBinder(BoundValues defaults, ErrorList errors, List<ConfigurationWarning> warnings)
{
    private const string Ending = ".yaml";

    public BoundImage Bind(AbsolutePath file, YamlMappingNode mapping)
    {
        var values = new BoundValues(Position.StartOf(file), defaults);
        new SectionReader(file, errors).Read(mapping, ImageKeys.Root, values);
        var rules = new SectionRules(values, errors);
        rules.CheckApplicable(ImageKeys.Root);
        rules.CheckRequired(ImageKeys.Root, ImageKeys.Shared);

        var nameAt = values.FindOwn("name")?.At ?? values.Start;
        var name = Name(file, values);
        if (name is null
            || Source(values) is not { } source
            || values.Find("ssh.user")?.Value is not string user
            || values.Find("ssh.key")?.Value is not AbsolutePath key)
        {
            return new BoundImage(name, nameAt, null);
        }

        var image = Image(file, name, source, user, key, values);
        Warn(image, values);
        return new BoundImage(name, nameAt, image);
    }

    private static ImageDefinition Image(
        AbsolutePath file, ImageName name, ImageSource source, string user, AbsolutePath key, BoundValues values)
    {
        var blank = Blank.Image;
        return blank with
        {
            File = file,
            Name = name,
            Source = source,
            Cpus = values.Get<int?>("cpus", null) is { } cpus ? new OrAuto<int>(cpus) : blank.Cpus,
            Memory = values.Get<ByteSize?>("memory", null) is { } memory ? new OrAuto<ByteSize>(memory) : blank.Memory,
            Shell = values.Get("shell", blank.Shell),
            Ssh = new SshSettings
            {
                User = user,
                Key = key,
                Port = values.Get("ssh.port", blank.Ssh.Port),
                HostKeys = [.. values.Get<IReadOnlyList<object>>("ssh.host_key", []).Cast<string>().Distinct()],
            },
            Accelerator = values.Get("accelerator", blank.Accelerator),
            Network = new NetworkSettings
            {
                Mode = values.Get("network.mode", blank.Network.Mode),
                Name = values.Get("network.name", blank.Network.Name),
            },
            Disks = new DiskSettings
            {
                Cache = values.Get("disks.cache", blank.Disks.Cache),
                Discard = values.Get("disks.discard", blank.Disks.Discard),
            },
            Stop = new StopSettings
            {
                Mode = values.Get("stop.mode", blank.Stop.Mode),
                Grace = values.Get("stop.grace", blank.Stop.Grace),
            },
            Timeouts = new TimeoutSettings
            {
                Boot = values.Get("timeouts.boot", blank.Timeouts.Boot),
                Ssh = values.Get("timeouts.ssh", blank.Timeouts.Ssh),
                SourceShutdown = values.Get("timeouts.source_shutdown", blank.Timeouts.SourceShutdown),
            },
            BuildsDir = values.Get("builds_dir", blank.BuildsDir),
            CacheDir = values.Get("cache_dir", blank.CacheDir),
        };
    }

    private ImageName? Name(AbsolutePath file, BoundValues values)
    {
        if (values.FindOwn("name") is { } written)
        {
            return written.Value as ImageName;
        }

        var fromFile = file.Name.EndsWith(Ending, StringComparison.Ordinal) ? file.Name[..^Ending.Length] : file.Name;
        if (ImageName.TryParse(fromFile, out var name))
        {
            return name;
        }

        errors.Add(values.Start, "name", $"is missing, and the file's name {Quote.Text(fromFile)} is not an image name; add 'name:' with {ImageName.Rule}");
        return null;
    }

    private static ImageSource? Source(BoundValues values) => values.Find("source")?.Value switch
    {
        SourceKind.Domain when values.Find("domain")?.Value is string domain =>
            new ImageSource.Domain(domain) { AllowShutdown = values.Get("allow_shutdown", new ImageSource.Domain(domain).AllowShutdown) },
        SourceKind.File when values.Find("file")?.Value is AbsolutePath path => new ImageSource.DiskFile(path)
        {
            Format = values.Get<DiskFormat?>("format", null),
            Kernel = values.Find("kernel")?.Value is AbsolutePath kernel
                ? new DirectKernelBoot(kernel, values.Get<AbsolutePath?>("initrd", null), values.Get("cmdline", ""))
                : null,
        },
        _ => null,
    };

    private void Warn(ImageDefinition image, BoundValues values)
    {
        if (image.Ssh.HostKeys.Count == 0)
        {
            Warn(values.Around("ssh.host_key"), "ssh.host_key",
                "is missing, so the key of the first contact is pinned per job and nobody protects that first contact; "
                + "get it with 'ssh-keyscan -t ed25519 <guest address>' and write it without the leading address");
        }

        if (image.Source is ImageSource.DiskFile { Format: null } disk
            && (disk.Path.Name.EndsWith(".img", StringComparison.Ordinal) || disk.Path.Name.EndsWith(".raw", StringComparison.Ordinal)))
        {
            Warn(values.Find("file")!.At, "file",
                "looks like a raw disk, whose content can pose as another format; add 'format: raw' (or 'format: qcow2' if it is one)");
        }
    }

    private void Warn(Position at, string key, string message) =>
        warnings.Add(new ConfigurationWarning(at.File, at.Line, at.Column, key, message));
}
