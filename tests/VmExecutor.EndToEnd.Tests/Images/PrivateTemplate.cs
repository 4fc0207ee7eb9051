using System.Text.Json.Nodes;
using VmExecutor.EndToEnd.Tests.Instruments;

namespace VmExecutor.EndToEnd.Tests.Images;

/// <summary>The template of one state directory, whose files a test may spoil: others have the same files, so each is exchanged for a copy first.</summary>
/// <param name="Directory">Of the template.</param>
internal sealed record PrivateTemplate(string Directory)
{
    private string RecordFile => Path.Combine(Directory, "template.json");

    public static async Task<PrivateTemplate> MakeAsync(WarmImages images, string stateDirectory)
    {
        await images.LinkToAsync(stateDirectory);
        return new PrivateTemplate(WarmImages.TemplateIn(Path.Combine(stateDirectory, "images")));
    }

    /// <summary>Exchanges a file for one that was changed, and lets the record say that this is the file that was frozen.</summary>
    /// <param name="name">In the template.</param>
    /// <param name="spoil">Changes the copy; what it does to the time of its last change is put right.</param>
    public async Task ExchangeAsync(string name, Func<string, Task> spoil)
    {
        var file = Path.Combine(Directory, name);
        await HostCommand.OutputAsync("cp", "-a", "--sparse=always", file, $"{file}.copy");
        await spoil($"{file}.copy");
        await HostCommand.OutputAsync("touch", "-r", file, $"{file}.copy");
        File.Move($"{file}.copy", file, overwrite: true);
        var inode = (await HostCommand.OutputAsync("stat", "--format=%i", file)).Trim();
        await EditAsync(record => record["files"]!.AsArray().Single(each => (string?)each!["path"] == name)!["inode"] = ulong.Parse(inode, null));
    }

    /// <summary>Changes what the record says.</summary>
    public async Task EditAsync(Action<JsonNode> edit)
    {
        var record = JsonNode.Parse(await File.ReadAllTextAsync(RecordFile))!;
        edit(record);
        File.Delete(RecordFile);
        await File.WriteAllTextAsync(RecordFile, record.ToJsonString());
    }

    /// <summary>Another fingerprint is another name.</summary>
    public void Rename(string fingerprint) => System.IO.Directory.Move(Directory, Path.Combine(Path.GetDirectoryName(Directory)!, fingerprint));
}
