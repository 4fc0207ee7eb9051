using VmExecutor.Core.Images.Sources;
using VmExecutor.Core.Values;
using YamlDotNet.RepresentationModel;

namespace VmExecutor.Core.Configuration.Binding;

/// <summary>
/// What came of an image's file. The name is known even when the image has errors; a null name or image is wrong or lacks
/// something, which has been reported.
/// </summary>
internal sealed record BoundImage(ImageName? Name, Position NameAt, Position PatternsAt, ImageDefinition? Image);

/// <summary>From the mapping of an image's file to the image.</summary>
internal sealed class ImageBinder(BoundValues defaults, bool shareKnown, ErrorList errors, List<ConfigurationWarning> warnings)
{
    private const string Ending = ".yaml";

    public BoundImage Bind(AbsolutePath file, YamlMappingNode mapping)
    {
        var values = new BoundValues(Position.StartOf(file), defaults);
        new SectionReader(file, errors).Read(mapping, ImageKeys.Root, values);
        var rules = new SectionRules(values, errors);
        rules.CheckApplicable(ImageKeys.Root);
        rules.CheckRequired(ImageKeys.Root, ImageKeys.Shared);
        SourceRules.Check(values, errors);
        SizeRules.Check(values, errors);
        SizeRules.CheckAuto(values, shareKnown, errors);

        var nameAt = values.FindOwn("name")?.At ?? values.Start;
        var patternsAt = values.FindOwn("patterns")?.At ?? values.Start;
        var name = Name(file, values);
        if (name is null || BoundSource.Of(values) is not { } source || BoundLogin.Of(values) is not { } ssh)
        {
            return new BoundImage(name, nameAt, patternsAt, null);
        }

        var image = Image(file, name, source, ssh, values);
        Warn(image, values);
        return new BoundImage(name, nameAt, patternsAt, image);
    }

    private static ImageDefinition Image(AbsolutePath file, ImageName name, ImageSource source, SshSettings ssh, BoundValues values)
    {
        var defaults = DefaultValues.Image;
        return defaults with
        {
            File = file,
            Name = name,
            Source = source,
            Patterns = Texts(values, "patterns"),
            AllowParts = Texts(values, "allow_parts").ToHashSet(StringComparer.Ordinal),
            Allow = new AccessSettings
            {
                Projects = Texts(values, "allow.projects"),
                ProtectedRefs = values.Get("allow.protected_refs", defaults.Allow.ProtectedRefs),
            },
            Cpus = values.Get("cpus", defaults.Cpus),
            Memory = values.Get("memory", defaults.Memory),
            Sizes = new SizeSettings
            {
                MinCpus = values.Get("sizes.min_cpus", defaults.Sizes.MinCpus),
                MaxCpus = values.Get("sizes.max_cpus", defaults.Sizes.MaxCpus),
                MinMemory = values.Get("sizes.min_memory", defaults.Sizes.MinMemory),
                MaxMemory = values.Get("sizes.max_memory", defaults.Sizes.MaxMemory),
                MaxDisk = values.Get("sizes.max_disk", defaults.Sizes.MaxDisk),
            },
            Shell = values.Get("shell", defaults.Shell),
            Ssh = ssh,
            Accelerator = values.Get("accelerator", defaults.Accelerator),
            Network = new NetworkSettings
            {
                Mode = values.Get("network.mode", defaults.Network.Mode),
                Name = values.Get("network.name", defaults.Network.Name),
            },
            Disks = new DiskSettings
            {
                Cache = values.Get("disks.cache", defaults.Disks.Cache),
                Discard = values.Get("disks.discard", defaults.Disks.Discard),
                MaxOverlay = values.Get("disks.max_overlay", defaults.Disks.MaxOverlay),
            },
            Stop = new StopSettings
            {
                Mode = values.Get("stop.mode", defaults.Stop.Mode),
                Grace = values.Get("stop.grace", defaults.Stop.Grace),
            },
            KeepFailed = new KeepSettings
            {
                For = values.Get("keep_failed.for", defaults.KeepFailed.For),
                Projects = Texts(values, "keep_failed.projects"),
            },
            Timeouts = new TimeoutSettings
            {
                Boot = values.Get("timeouts.boot", defaults.Timeouts.Boot),
                Ssh = values.Get("timeouts.ssh", defaults.Timeouts.Ssh),
                CloudInit = values.Get("timeouts.cloud_init", defaults.Timeouts.CloudInit),
                Warm = values.Get("timeouts.warm", defaults.Timeouts.Warm),
                SourceShutdown = values.Get("timeouts.source_shutdown", defaults.Timeouts.SourceShutdown),
            },
            Publish = new PublishSettings
            {
                InPlace = values.Get("publish.in_place", defaults.Publish.InPlace) && source is (ImageSource.Domain or ImageSource.DiskFile),
                Keep = values.Get("publish.keep", defaults.Publish.Keep),
                Probe = values.Get("publish.probe", defaults.Publish.Probe),
                MinFreeDisk = values.Get("publish.min_free_disk", defaults.Publish.MinFreeDisk),
            },
            Warm = BoundWarm.Of(values),
            PrepareHook = values.Get<AbsolutePath?>("prepare_hook.script", null) is { } script ? Hook(script, values) : null,
            Tools = [.. values.Get<IReadOnlyList<object>>("tools", []).Cast<ToolSettings>().Distinct()],
            WaitForCloudInit = values.Get("wait_for_cloud_init", defaults.WaitForCloudInit),
            BuildsDir = values.Get("builds_dir", defaults.BuildsDir),
            CacheDir = values.Get("cache_dir", defaults.CacheDir),
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

    private static HookSettings Hook(AbsolutePath script, BoundValues values)
    {
        var defaults = new HookSettings(script);
        return defaults with
        {
            Variables = Texts(values, "prepare_hook.variables"),
            Timeout = values.Get("prepare_hook.timeout", defaults.Timeout),
        };
    }

    private static IReadOnlyList<string> Texts(BoundValues values, string path) =>
        [.. values.Get<IReadOnlyList<object>>(path, []).Cast<string>().Distinct()];

    private void Warn(ImageDefinition image, BoundValues values)
    {
        // What is downloaded or built runs only once it is published, and the probe pins its keys; a seed brings a key along.
        if (image.Ssh.HostKeys.Count == 0 && image.Ssh.Login != LoginMethod.CloudInit && image.Source is (ImageSource.Domain or ImageSource.DiskFile))
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

        if (image.Source is ImageSource.Download download && MovingAddress.Find(download.Address) is { } moving)
        {
            Warn(values.Find("url")!.At, "url",
                $"'{moving}' is an address at which each new build replaces the last one, but the checksum is that of one build: publishing fails once there is another; "
                + "write the address of that build, which has its date or number in it");
        }

        warnings.AddRange(WarmRules.Check(image, values));
        warnings.AddRange(ValueRules.Check(values));
    }

    private void Warn(Position at, string key, string message) =>
        warnings.Add(new ConfigurationWarning(at.File, at.Line, at.Column, key, message));
}
