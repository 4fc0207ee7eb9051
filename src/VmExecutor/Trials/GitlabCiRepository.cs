using System.Text;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;

namespace VmExecutor.Trials;

/// <summary>The files on the disk that a <c>.gitlab-ci.yml</c> may include: those below the repository's top directory, and none outside.</summary>
internal sealed class GitlabCiRepository(AbsolutePath top)
{
    private const int MostFiles = 50_000;
    private const string GitDirectory = ".git";

    private static readonly EnumerationOptions OneLevel = new() { AttributesToSkip = FileAttributes.ReparsePoint, IgnoreInaccessible = true };

    private IReadOnlyList<string>? _paths;

    /// <summary>Null: it is not there, or not in the repository.</summary>
    public ConfigurationText? Read(string path) =>
        top.TryResolve(path, out var file) && file.Value.StartsWith($"{top.Value.TrimEnd('/')}/", StringComparison.Ordinal) && File.Exists(file.Value) ? Read(file) : null;

    /// <exception cref="SystemFailureException"><see cref="ErrorCodes.GitlabCiUnreadable"/>.</exception>
    public static ConfigurationText Read(AbsolutePath file)
    {
        try
        {
            return new ConfigurationText(file, Encoding.UTF8.GetString(RegularFile.Read(file, ConfigurationText.MaxBytes)));
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw new SystemFailureException(ErrorCodes.GitlabCiUnreadable, $"{file} cannot be read: {e.Message}", "Give the path of a .gitlab-ci.yml: --gitlab-ci FILE", e);
        }
    }

    /// <summary>All files, seen from the top; links are not followed, and of a huge tree the first files count.</summary>
    public IReadOnlyList<string> Paths() => _paths ??= [.. Walk(new DirectoryInfo(top.Value)).Take(MostFiles).Select(file => Path.GetRelativePath(top.Value, file.FullName))];

    private static IEnumerable<FileInfo> Walk(DirectoryInfo root)
    {
        var open = new Queue<DirectoryInfo>([root]);
        while (open.TryDequeue(out var directory))
        {
            foreach (var file in directory.EnumerateFiles("*", OneLevel))
            {
                yield return file;
            }

            foreach (var inner in directory.EnumerateDirectories("*", OneLevel).Where(inner => inner.Name != GitDirectory))
            {
                open.Enqueue(inner);
            }
        }
    }
}
