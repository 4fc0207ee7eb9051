using System.Globalization;
using VmExecutor.Core.Capacity;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Standby;
using VmExecutor.Core.Templates;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Health;

/// <summary>Something that is wrong with what an image is made of.</summary>
/// <param name="IsFatal">Jobs fail, or would once the image is published.</param>
/// <param name="What">A sentence without the image's name.</param>
/// <param name="Fix">A command, or what to do.</param>
public sealed record SourceTrouble(bool IsFatal, string What, string Fix);

/// <summary>The facts that were seen of an image.</summary>
/// <param name="Image">As its YAML has it.</param>
public sealed record ImageState(ImageDefinition Image)
{
    /// <summary>Sentences on files that its YAML names.</summary>
    public IReadOnlyList<string> FileProblems { get; init; } = [];

    /// <summary>The failure by which jobs get no generation; null: they do, or stand on the source.</summary>
    public DriverException? Failure { get; init; }

    /// <summary>The generation that jobs get; null: it was never published.</summary>
    public (int Number, DateTimeOffset Published)? Generation { get; init; }

    /// <summary>Sentences on how that generation was chosen.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>The troubles with its source.</summary>
    public IReadOnlyList<SourceTrouble> Troubles { get; init; } = [];

    /// <summary>True when its source is a domain that runs.</summary>
    public bool SourceRuns { get; init; }
}

/// <summary>The facts that were seen of the templates of an image that is to start warm.</summary>
/// <param name="Image">Its name.</param>
/// <param name="IsPublished">Whether there is a generation to have templates.</param>
/// <param name="Troubles">For each template why no job wakes up from it; an empty list: jobs do.</param>
public sealed record TemplateState(ImageName Image, bool IsPublished, IReadOnlyList<IReadOnlyList<string>> Troubles);

/// <summary>Decides whether jobs of each image would get a VM, and whether it would wake up from a template.</summary>
public static class ImageRules
{
    /// <param name="images">All there are.</param>
    /// <param name="uri">Of libvirt.</param>
    /// <param name="settingsFile">Beside which the images' files belong.</param>
    /// <param name="sample">The file of an image to begin with.</param>
    public static IReadOnlyList<Finding> DecideImages(IReadOnlyList<ImageState> images, string uri, AbsolutePath settingsFile, string sample) => images.Count > 0
        ? [.. images.SelectMany(image => DecideImage(image, uri))]
        : [
            Checks.Images.Warning("there are no images: every job is refused (VMX1010)", $"cp {sample} {ShellText.Quote($"{settingsFile.Parent()}/images/")}   # and change what it names"),
        ];

    /// <param name="images">Those whose jobs can have a project's disk.</param>
    /// <param name="hasTool">Whether mke2fs is there.</param>
    /// <param name="disks">The disks that there are.</param>
    /// <param name="bytes">Of all of them on the host's disk.</param>
    /// <param name="damaged">The keys of those that were put aside.</param>
    /// <returns>Empty: no image gives projects disks.</returns>
    public static IReadOnlyList<Finding> DecideProjectDisks(IReadOnlyList<ImageName> images, bool hasTool, int disks, long bytes, IReadOnlyList<string> damaged)
    {
        if (images.Count == 0)
        {
            return [];
        }

        var who = $"image{(images.Count == 1 ? $" {images[0]} gives" : $"s {string.Join(", ", images)} give")} projects disks";
        if (!hasTool)
        {
            return [Checks.ProjectDisks.Problem($"{who}, and there is no mke2fs: jobs go on without one", "apt-get install e2fsprogs")];
        }

        var there = string.Create(CultureInfo.InvariantCulture, $"{who}; there {(disks == 1 ? "is 1" : $"are {disks}")}, with {RoughSize.Of(bytes)} on this host");
        return damaged.Count == 0
            ? [Checks.ProjectDisks.Ok(there)]
            : [Checks.ProjectDisks.Warning($"{there}; put aside, since a guest did not mount {(damaged.Count == 1 ? "it" : "them")}: {string.Join(", ", damaged)}", "vm-executor disk list   # 'disk remove PROJECT' removes what was put aside, too")];
    }

    /// <summary>Decides whether SELinux lets QEMU use the files of projects' disks, of which libvirt does not know. AppArmor does: it asks no rule for a file that an unconfined process has opened.</summary>
    /// <param name="driver">The active module.</param>
    /// <param name="images">Those whose jobs can have a project's disk.</param>
    /// <param name="places">The directories of such files with their labels; null: it is not there.</param>
    /// <returns>Empty: nothing speaks against it.</returns>
    public static IReadOnlyList<Finding> DecideDiskLabels(SecurityDriver driver, IReadOnlyList<ImageName> images, IReadOnlyList<(AbsolutePath Path, string? Label)> places)
    {
        var wrong = places.Where(place => place.Label?.Contains("svirt_image_t", StringComparison.Ordinal) == false).ToList();
        return driver != SecurityDriver.SELinux || images.Count == 0 || wrong.Count == 0 ? [] :
        [
            Checks.ProjectDisks.Warning(
                $"SELinux is active, and {string.Join(" and ", wrong.Select(place => $"{place.Path} ({place.Label})"))} {(wrong.Count == 1 ? "has" : "have")} not the label of QEMU's files: where libvirt confines QEMU, jobs go on without their project's disk",
                string.Join(" && ", wrong.Select(place => TemplateRefusal.SELinuxCommand(place.Path)))),
        ];
    }

    /// <param name="images">Those with <c>source: oci</c>.</param>
    /// <param name="missing">The tools for registries that are not there.</param>
    /// <returns>Empty: no image comes from a registry.</returns>
    public static IReadOnlyList<Finding> DecideRegistry(IReadOnlyList<ImageName> images, IReadOnlyList<string> missing)
    {
        if (images.Count == 0)
        {
            return [];
        }

        var who = $"image{(images.Count == 1 ? $" {images[0]} comes" : $"s {string.Join(", ", images)} come")} from a registry";
        return missing.Count == 0
            ? [Checks.Registry.Ok($"{who}; skopeo and zstd are there")]
            : [Checks.Registry.Problem($"{who}, and there is no {string.Join(" and no ", missing)}: 'image publish' fails (VMX1502)", $"apt-get install {string.Join(' ', missing)}")];
    }

    public static Finding DecideTemplates(TemplateState state)
    {
        var (image, all, unusable) = (state.Image, state.Troubles.Count, state.Troubles.Where(troubles => troubles.Count > 0).ToList());
        var make = $"vm-executor image warm {image}";
        return (state.IsPublished, all, unusable.Count) switch
        {
            (false, _, _) => Checks.Templates.Warning($"image '{image}' was never published, so there is no template, and jobs start cold", $"vm-executor image publish {image} --warm"),
            (_, 0, _) => Checks.Templates.Warning($"image '{image}' has no template: jobs start cold", make),
            (_, _, 0) => Checks.Templates.Ok($"image '{image}' has {Quantity.Of(all, "template")}"),
            (_, _, var bad) => Checks.Templates.Warning(
                bad == all ? $"image '{image}': no template can be used, and jobs start cold: {unusable[0][0]}" : $"image '{image}': {bad} of {all} templates cannot be used: {unusable[0][0]}", make),
        };
    }

    /// <param name="need">The standby clones of one size that an image wants.</param>
    /// <param name="last">The last fill's line of them; null: no fill has seen to them.</param>
    /// <param name="now">The time.</param>
    public static Finding DecideStandby(StandbyNeed need, StandbyLine? last, DateTimeOffset now)
    {
        var (image, fill) = (need.Image.Name, $"vm-executor standby fill --image {need.Image.Name}");
        return last switch
        {
            null => Checks.Standby.Warning($"image '{image}' wants {Quantity.Of(need.Count, "clone")} to wait for jobs, and no fill has made them yet", fill),
            { Failures: { Until: { } until } failures } => Checks.Standby.Warning(
                $"image '{image}': {(now < until ? failures.Text(image, now) : $"{failures.Count} in a row of the clones that are to wait for jobs could not be made: {failures.Why}")}",
                $"{fill}   # once that is mended"),
            { Failures: { } failures } => Checks.Standby.Warning($"image '{image}': the last clone that was to wait for jobs could not be made: {failures.Why}", fill),
            _ => Checks.Standby.Ok($"image '{image}': {last.There} of {Quantity.Of(need.Count, "clone")}{(last.Size is { } size ? $" of {size}" : "")} waited for jobs at the end of the last fill"),
        };
    }

    private static IReadOnlyList<Finding> DecideImage(ImageState state, string uri)
    {
        var (image, publish) = (state.Image, $"vm-executor image publish {state.Image.Name}");
        List<Finding> findings =
        [
            .. state.FileProblems.Select(problem => Checks.Images.Problem(
                $"image '{image.Name}': {problem}", $"editor {ShellText.Quote(image.File.Value)} && vm-executor check   # or give the runner's user the right to read it")),
        ];
        if (state.Failure is { } failure)
        {
            return [.. findings, Checks.Images.Problem($"{failure.Message} ({failure.Code})", publish)];
        }

        findings.AddRange(state.Warnings.Select(warning => Checks.Images.Warning(warning, publish)));
        findings.AddRange(state.Troubles.Select(trouble => DecideTrouble(image, trouble, state.Generation is not null)));
        if (image.Source is ImageSource.Domain domain && state is { SourceRuns: true, Generation: null })
        {
            findings.Add(DecideRunning(image, domain, uri));
        }

        return findings.Count > 0 ? findings
            : state.Generation is var (number, published) ? [Checks.Images.Ok($"image '{image.Name}': jobs get generation {number}, published {published:yyyy-MM-dd}")]
            : [Checks.Images.Warning($"image '{image.Name}' was never published: jobs stand on its source, which must not be started or changed while they run", publish)];
    }

    /// <summary>A published image has its own disks: what is wrong with its source matters when it is published again.</summary>
    private static Finding DecideTrouble(ImageDefinition image, SourceTrouble trouble, bool isPublished) => Checks.Images.Of(
        trouble.IsFatal && !isPublished ? CheckStatus.Problem : CheckStatus.Warning,
        $"image '{image.Name}': {trouble.What}{(trouble.IsFatal ? isPublished ? "; it cannot be published again" : "; jobs fail" : "")}",
        $"{trouble.Fix}   # in {image.File}");

    private static Finding DecideRunning(ImageDefinition image, ImageSource.Domain domain, string uri)
    {
        var shutdown = $"virsh -c {ShellText.Quote(uri)} shutdown {ShellText.Quote(domain.Name)}";
        return domain.AllowShutdown
            ? Checks.Images.Warning(
                $"image '{image.Name}': its source domain '{domain.Name}' is running; the next job shuts it down", $"{shutdown} && vm-executor image publish {image.Name}")
            : Checks.Images.Problem(
                $"image '{image.Name}': its source domain '{domain.Name}' is running, and clones of a disk that is being written to would be broken: jobs fail (VMX1203)",
                $"{shutdown}   # and, so that it may run again: vm-executor image publish {image.Name}");
    }
}
