using System.Globalization;

namespace VmExecutor.Core.Guests.Preparation;

/// <summary>
/// The shell texts that put a file or directory of the host into the guest. It arrives in a directory beside its place, and is moved
/// there only when it has arrived completely. So its place has the old one or the new one, never a part. An account that may not write
/// there uses sudo, and then the files belong to root.
/// </summary>
/// <param name="Target">Its place, an absolute path.</param>
/// <param name="Nonce">Letters and digits that name the directory beside it.</param>
public sealed record ToolPlacement(string Target, string Nonce)
{
    /// <summary>The exit code of the texts when the account may not write to the place.</summary>
    public const int NotAllowed = 93;

    /// <summary>The exit code when a file would take the place of a directory, or the other way round.</summary>
    public const int OfOtherKind = 94;

    private string Parent => Target.LastIndexOf('/') is > 0 and var slash ? Target[..slash] : "/";

    /// <summary>Sets <c>t</c> (the place), <c>d</c> (where it lies), <c>n</c> (the directory beside it) and <c>s</c> (sudo, or nothing).</summary>
    private string Begin =>
        $"""
        t={ShellText.Quote(Target)} d={ShellText.Quote(Parent)} s=
        n=${"{d%/}"}/.vmx-tool-{Nonce}
        mkdir -p "$d" 2>/dev/null
        if ! [ -w "$d" ]; then
          sudo -n true </dev/null 2>/dev/null || exit {NotAllowed}
          s='sudo -n'
          $s mkdir -p "$d" || exit
        fi

        """;

    /// <summary>Takes a file's content from stdin.</summary>
    public string ReceiveFile =>
        Begin + """
        [ ! -d "$t" ] || exit 94
        $s mkdir -m 0700 "$n" && exec $s sh -c 'cat >"$1"' sh "$n/new"
        """;

    /// <summary>Takes a directory's content as a tar archive from stdin.</summary>
    public string ReceiveDirectory =>
        Begin + """
        [ ! -e "$t" ] || [ -d "$t" ] || exit 94
        command -v tar >/dev/null || { echo "there is no tar in the guest" >&2; exit 1; }
        $s mkdir -m 0700 "$n" && $s mkdir "$n/new" && exec $s tar -x -p -f - -C "$n/new"
        """;

    /// <summary>Moves the files that have arrived to their place.</summary>
    /// <param name="mode">The mode of the file or directory itself.</param>
    /// <param name="fileBytes">The file's length; null: it is a directory.</param>
    public string Finish(UnixFileMode mode, long? fileBytes) =>
        Begin + string.Create(
            CultureInfo.InvariantCulture,
            $"""
            {(fileBytes is { } bytes ? $"set -- $($s wc -c \"$n/new\"); [ \"$1\" = {bytes} ] || {{ echo 'it did not arrive whole' >&2; exit 1; }}" : "[ ! -e \"$t\" ] || $s mv \"$t\" \"$n/old\" || exit")}
            $s chmod {Convert.ToString((int)mode, 8)} "$n/new" && $s mv -f "$n/new" "$t" && $s rm -rf "$n"
            """);

    /// <summary>Removes files that have arrived in part.</summary>
    public string GiveUp => Begin + """exec $s rm -rf "$n" """;
}
