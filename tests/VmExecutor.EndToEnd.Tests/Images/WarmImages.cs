using VmExecutor.EndToEnd.Tests.Instruments;

namespace VmExecutor.EndToEnd.Tests.Images;

/// <summary>
/// The test guest, published and with a template, made once for all tests that need no other. Its YAML has the defaults for the machine,
/// and its other settings (account, shell, limits, tools) does not matter to a template.
/// </summary>
/// <param name="Directory">A state directory's <c>images</c>. Its files are never changed.</param>
/// <param name="Fingerprints">Of the template's files, before any job.</param>
internal sealed record WarmImages(string Directory, IReadOnlyList<string> Fingerprints)
{
    /// <summary>The one template.</summary>
    public string Template => TemplateIn(Directory);

    public static async Task<WarmImages> MakeAsync(string driver, TestGuest guest, string directory)
    {
        var configuration = Path.Combine(directory, "vm-executor.yaml");
        var state = System.IO.Directory.CreateDirectory(Path.Combine(directory, "state")).FullName;
        System.IO.Directory.CreateDirectory(Path.Combine(directory, "images"));
        await File.WriteAllTextAsync(configuration, $"state_dir: {state}\nimages_dir: images\n");
        await File.WriteAllTextAsync(Path.Combine(directory, "images/small.yaml"), new ImageYaml { IsWarm = true }.Write(guest));
        await HostCommand.OutputAsync(driver, "image", "publish", "small", "--warm", "--config", configuration);
        var images = new WarmImages(Path.Combine(state, "images"), []);
        return images with { Fingerprints = await images.FingerprintsAsync() };
    }

    /// <summary>All of the template's files that must not change, the content included.</summary>
    public async Task<IReadOnlyList<string>> FingerprintsAsync() =>
        await Task.WhenAll(System.IO.Directory.GetFiles(Template).Order(StringComparer.Ordinal).Select(FileFingerprint.OfAsync));

    /// <summary>The one template of an image in a state directory's <c>images</c>, of its first generation if nothing else is said.</summary>
    public static string TemplateIn(string images, string name = "small", int generation = 1) =>
        System.IO.Directory.GetDirectories(Path.Combine(images, name, $"{generation}", "warm")).Single(path => Path.GetFileName(path)[0] != '.');

    /// <summary>
    /// The same images in another state directory, by links to the same files: a test may put others in their place there, and add and remove
    /// generations and templates.
    /// </summary>
    public Task LinkToAsync(string stateDirectory) => HostCommand.OutputAsync("cp", "-al", Directory, Path.Combine(stateDirectory, "images"));
}
