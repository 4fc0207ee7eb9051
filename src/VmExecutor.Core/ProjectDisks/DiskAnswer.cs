using VmExecutor.Core.Values;

namespace VmExecutor.Core.ProjectDisks;

/// <summary>The guest's word about the disk. A guest can tell what it likes; nothing of it is used but for words in the job log and for which way to go on.</summary>
/// <param name="Event">The last that it said.</param>
/// <param name="Text">Its words, one line.</param>
public sealed record DiskAnswer(DiskEvent Event, string Text)
{
    /// <summary>The beginning of a line that tells it.</summary>
    public const string Word = "vmx-disk:";

    private const int LongestText = 300;

    /// <param name="output">The text's whole output.</param>
    public static DiskAnswer Parse(string output)
    {
        var line = output.Split('\n').LastOrDefault(line => line.StartsWith(Word, StringComparison.Ordinal));
        var words = line?[Word.Length..].Trim().Split(' ', 2) ?? [];
        var text = words.Length > 1 ? PlainText.OneLine(words[1], LongestText) : "";
        return new(words is [var first, ..] ? Of(first) : DiskEvent.Silent, text);
    }

    private static DiskEvent Of(string word) => word switch
    {
        "mounted" => DiskEvent.Mounted,
        "unmounted" => DiskEvent.Unmounted,
        "absent" => DiskEvent.Absent,
        "damaged" => DiskEvent.Damaged,
        "busy" => DiskEvent.Busy,
        "failed" => DiskEvent.Failed,
        _ => DiskEvent.Silent,
    };
}

/// <summary>The ways in which mounting and unmounting end.</summary>
public enum DiskEvent
{
    /// <summary>The guest said nothing of it: its login is not root and has no sudo without a password, or the text was cut short.</summary>
    Silent,
    Mounted,
    Unmounted,

    /// <summary>The guest has no such disk.</summary>
    Absent,

    /// <summary>Its kernel does not mount the file system.</summary>
    Damaged,

    /// <summary>It is still used.</summary>
    Busy,

    /// <summary>The guest lacks what it takes.</summary>
    Failed,
}
