using VmExecutor.Core.Guests;

namespace VmExecutor.GitlabCi.Artifacts;

/// <summary>Shell texts that list and pack a project's files in the guest; for any POSIX shell, GNU's and BusyBox's tools.</summary>
public static class ArtifactScript
{
    /// <summary>Prints the files and links below these directories, one a line.</summary>
    public static string List(string projectDirectory, IReadOnlyList<string> roots) =>
        $"""
         cd {ShellText.Quote(projectDirectory)} || exit 3
         for root in {string.Join(' ', roots.Select(root => ShellText.Quote($"./{root}")))}; do
           if [ -e "$root" ] || [ -h "$root" ]; then find "$root" \( -type f -o -type l \) -print; fi
         done

         """;

    /// <summary>Prints the files that git does not know, ignored ones too, as the runner does it.</summary>
    public static string ListUntracked(string projectDirectory) =>
        $"""
         cd {ShellText.Quote(projectDirectory)} || exit 3
         git ls-files -o -z | tr '\n\000' '\001\n'

         """;

    /// <summary>Writes a tar archive of these files to stdout.</summary>
    public static string Pack(string projectDirectory, IReadOnlyList<string> files) =>
        $"""
         cd {ShellText.Quote(projectDirectory)} || exit 3
         exec tar -cf - -T - <<'VMX-END-OF-FILES'
         {string.Join('\n', files.Select(file => $"./{file}"))}
         VMX-END-OF-FILES

         """;

    /// <summary>A path as <see cref="List"/> or tar tells it, without what stands before it.</summary>
    public static string Plain(string line)
    {
        var begin = 0;
        while (line.AsSpan(begin).StartsWith("./", StringComparison.Ordinal))
        {
            begin += 2;
        }

        return line[begin..];
    }
}
