using VmExecutor.Core.Images.Sources;
using VmExecutor.Core.Values;
using YamlDotNet.RepresentationModel;

namespace VmExecutor.Core.Configuration.Binding;

/// <summary>An image's file whose errors have been reported. The name is null when it is missing or wrong itself, not when other values are.</summary>
internal sealed record CheckedImage(AbsolutePath File, BoundValues Values, ImageName? Name)
{
    public Position NameAt => At("name");

    public Position PatternsAt => At("patterns");

    private Position At(string key) => Values.FindOwn(key)?.At ?? Values.Start;
}

/// <summary>From the mapping of an image's file to the image: first all files are checked, then those without errors become images.</summary>
internal sealed class ImageBinder(BoundValues defaults, bool shareKnown, ErrorList errors)
{
    private const string Ending = ".yaml";

    /// <summary>Reports every error of the file.</summary>
    public CheckedImage Check(AbsolutePath file, YamlMappingNode mapping)
    {
        var values = new BoundValues(Position.StartOf(file), defaults);
        new SectionReader(file, errors).Read(mapping, ImageDefinition.Keys, values);
        var rules = new SectionRules(values, errors);
        rules.CheckApplicable(ImageDefinition.Keys);
        rules.CheckRequired(ImageDefinition.Keys, ImageDefinition.SharedKeys);
        SourceRules.Check(values, errors);
        SizeRules.Check(values, errors);
        SizeRules.CheckAuto(values, shareKnown, errors);
        PolicyRules.Check(values, errors);
        return new CheckedImage(file, values, Name(file, values));
    }

    /// <summary>The image of a file in which no error was found.</summary>
    public static ImageDefinition Bind(CheckedImage image) =>
        ImageDefinition.Keys.Bind(ImageDefinition.Blank with { File = image.File, Name = image.Name! }, image.Values);

    /// <summary>Warnings about parts of an image that work and deserve a look.</summary>
    public static IEnumerable<ConfigurationWarning> Warnings(ImageDefinition image, BoundValues values) =>
        [.. OwnWarnings(image, values), .. WarmRules.Check(image, values), .. ValueRules.Check(values)];

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

    private static IEnumerable<ConfigurationWarning> OwnWarnings(ImageDefinition image, BoundValues values)
    {
        // What is downloaded or built runs only once it is published, and the probe pins its keys; a seed brings a key along.
        if (image.Ssh.HostKeys.Count == 0 && image.Ssh.Pin == HostKeyPin.Image && image.Ssh.Login != LoginMethod.CloudInit && image.Source is (ImageSource.Domain or ImageSource.DiskFile))
        {
            yield return Warning(values.Around("ssh.host_key"), "ssh.host_key",
                "is missing, so the key of the first contact is pinned per job, and that first contact is not protected; "
                + "get it with 'ssh-keyscan -t ed25519 <guest address>' and write it without the leading address");
        }

        if (!image.ProjectDisk.HasDisks() && values.Own.Any(own => own.Key.StartsWith("project_disk.", StringComparison.Ordinal)))
        {
            yield return Warning(values.Around("project_disk.size"), "project_disk.size", "is missing, so no project has a disk; add for example 'size: 20GiB'");
        }

        if (image.ProjectDisk.Projects.Any(rule => rule.Projects.Count == 0))
        {
            yield return Warning(values.Around("project_disk.projects"), "project_disk.projects", "an entry has no 'projects', so it fits no project; add for example 'projects: group/**'");
        }

        var disks = image.ProjectDisk;
        var largest = disks.Projects.Where(rule => rule.Enabled).Select(rule => rule.Size).Append(disks.Size).MaxBy(size => size?.Bytes);
        foreach (var (key, most) in new[] { ("project_disk.max_total", disks.MaxTotal), ("project_disk.max_project", disks.MaxProject ?? disks.MaxTotal) }.DistinctBy(limit => limit.Item2))
        {
            if (largest?.Bytes > most.Bytes)
            {
                yield return Warning(values.Around(key), key, $"is {most}, and one project's disk may take {largest} ('size'): a disk that is as full goes when its job has ended; make it larger, or 'size' smaller");
            }
        }

        if (image.Source is ImageSource.DiskFile { Format: null } disk
            && (disk.Path.Name.EndsWith(".img", StringComparison.Ordinal) || disk.Path.Name.EndsWith(".raw", StringComparison.Ordinal)))
        {
            yield return Warning(values.Find("file")!.At, "file",
                "looks like a raw disk, whose content can pose as another format; add 'format: raw' (or 'format: qcow2' if it is one)");
        }

        if (image.Source is ImageSource.Download download && MovingAddress.Find(download.Address) is { } moving)
        {
            yield return Warning(values.Find("url")!.At, "url",
                $"'{moving}' is an address at which each new build replaces the last one, but the checksum is that of one build: publishing fails once there is another; "
                + "write the address of that build, which has its date or number in it");
        }
    }

    private static ConfigurationWarning Warning(Position at, string key, string message) => new(at.File, at.Line, at.Column, key, message);
}
