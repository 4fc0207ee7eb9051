using System.Text.RegularExpressions;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Guests;

/// <summary>
/// Tests whether <c>ssh.user</c> can make the directories that jobs write in, and write there. It does what a job does, since modes do
/// not tell of read-only and full file systems, access lists and quotas.
/// </summary>
internal static partial class PlaceCheck
{
    /// <summary>
    /// Shell text for any POSIX sh without arguments; prints a line for each place that is not usable. A shell's own <c>echo</c> says only
    /// "I/O error" on a full disk (dash) and in zsh the path comes last, so a failed write is made again by a program, which says why. One <c>rm</c> for all: a process takes
    /// 5 to 10 ms in an emulated guest.
    /// </summary>
    /// <param name="paths">Words of the shell.</param>
    public static string Text(IEnumerable<string> paths) => Text(paths, "{ echo vmx >\"$f\"; } 2>/dev/null || e=$(LC_ALL=C dd if=/dev/zero of=\"$f\" bs=4 count=1 2>&1) || k=write");

    /// <summary>As above, for a file of so many bytes. They are random, since some file systems take zeros without room for them.</summary>
    public static string Text(IEnumerable<string> paths, int bytes) =>
        Text(paths, FormattableString.Invariant($"if e=$(LC_ALL=C dd if=/dev/urandom of=\"$f\" bs=1024 count={(bytes / 1024) + 1} 2>&1); then e=; else k=write; fi"));

    private static string Text(IEnumerable<string> paths, string write) =>
        $$"""
        i=0
        set --
        for p in {{string.Join(' ', paths)}}; do
          k= e=
          if [ ! -d "$p" ]; then
            if [ -e "$p" ]; then k=file
            elif [ -L "$p" ]; then k=link
            else e=$(LC_ALL=C mkdir -p "$p" 2>&1) || k=make
            fi
          fi
          if [ -z "$k" ]; then
            f=$p/.vmx-$$
            {{write}}
            set -- "$@" "$f"
          fi
          if [ -n "$k" ]; then
            printf '%s\n' "vmx-place:$i:$k:$e"
            [ "$k" != write ] || rm -f "$f"
            for o in k i; do
              LC_ALL=C df "-P$o" "$p" 2>/dev/null | while read -r l; do printf '%s\n' "vmx-df:$i:$o:$l"; done
            done
          fi
          i=$((i + 1))
        done
        rm -f "$@"
        """;

    /// <summary>The places that are not usable, in the order of the text's. Of a place that a guest names twice the first line counts.</summary>
    public static IReadOnlyList<PlaceFault> Parse(string output) =>
        [.. Line().Matches(output).DistinctBy(line => line.Groups[1].Value).Select(line => new PlaceFault(int.Parse(line.Groups[1].ValueSpan), line.Groups[2].Value, LastWords(line.Groups[3].Value))
        {
            Room = PlaceRoom.Parse(output, line.Groups[1].Value),
        })];

    private const int LongestWords = 200;

    /// <summary>The system's own words, without the name of the program and the path.</summary>
    private static string LastWords(string said) => PlainText.OneLine(said.Trim().Split(": ")[^1], LongestWords);

    [GeneratedRegex("^vmx-place:([0-9]{1,3}):(absent|file|link|make|write):(.*)$", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex Line();
}

/// <summary>A place that is not usable.</summary>
/// <param name="Index">Of the place in the text.</param>
/// <param name="Kind"><c>absent</c>, <c>file</c>, <c>link</c>, <c>make</c> or <c>write</c>.</param>
/// <param name="Said">The system's words in English; empty: none.</param>
public sealed record PlaceFault(int Index, string Kind, string Said)
{
    private const string ReadOnly = "Read-only file system";
    private const string Full = "No space left on device";
    private const string Denied = "Permission denied";

    /// <summary>The room on the place's file system; null: not known.</summary>
    public PlaceRoom? Room { get; init; }

    /// <summary>The trouble in words: <c>its file system is full (No space left on device)</c>.</summary>
    public string Reason(GuestUser user) => (Kind, Said) switch
    {
        ("file", _) => "it is there and is no directory",
        ("absent", _) => "it is not there any more",
        ("link", _) => "it is a symbolic link to something that is not there",
        (_, ReadOnly) => "its file system is read-only",
        (_, Full) when Room is { HasNoInode: true } => $"its file system takes no more files, since it has no free inode ({Full})",
        (_, Full) => $"its file system is full ({Full})",
        ("make", "Not a directory" or "File exists") => $"it cannot be made, since a part of its path is no directory ({Said})",
        ("make", Denied) => $"it is not there, and user '{user}' may not make it ({Denied})",
        ("make", _) => $"it cannot be made{Evidence}",
        (_, Denied) => $"user '{user}' may not write there ({Denied})",
        (_, "Disk quota exceeded" or "Quota exceeded") => $"user '{user}' has used up the disk quota there ({Said})",
        _ => $"nothing can be written there{Evidence}",
    };

    /// <summary>The remedy in words.</summary>
    /// <param name="path">The place.</param>
    /// <param name="user">The account that must be able to write there.</param>
    /// <param name="key">The key of the image's YAML that names it; null: none does.</param>
    public string Fix(string path, GuestUser user, string? key)
    {
        var elsewhere = key is null ? "" : $" Or name a place that '{user}' can make by '{key}:' in the image's YAML, for example '{key}: /home/{user}/{key.Split('_')[0]}'.";
        return Said switch
        {
            Full when Room is { HasNoInode: true } => $"Remove small files there, or make its file system with more inodes.{elsewhere}",
            "Disk quota exceeded" or "Quota exceeded" => $"Raise the quota of '{user}' in the base image, or let the job write less.{elsewhere}",
            Full => $"Make room in the base image, or give it a larger disk.{elsewhere}",
            ReadOnly => $"Let the base image mount it for writing.{elsewhere}",
            _ when Kind is "file" or "link" || Said is "Not a directory" or "File exists" => $"In the base image, as root: remove what is in the way, then {Install(path, user)}.{elsewhere}",
            _ => $"In the base image, as root: {Install(path, user)}.{elsewhere}",
        };
    }

    private string Evidence => Said.Length == 0 ? "" : $" ({Said})";

    private static string Install(string path, GuestUser user) =>
        $"install -d -o {user} {(path.All(c => char.IsAsciiLetterOrDigit(c) || c is '/' or '.' or '_' or '-') ? path : ShellText.Quote(path))}";
}
