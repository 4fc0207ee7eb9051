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
        top.TryResolve(path, out var file) && file.Value.StartsWith($"{top.Value.TrimEnd('/')}/", StringComparison.Ordinal) && HostFile.Exists(file.Value) ? Read(file) : null;

    /// <exception cref="SystemFailureException"><see cref="ErrorCodes.GitlabCiUnreadable"/>.</exception>
    public static ConfigurationText Read(AbsolutePath file)
    {
        try
        {
            return new ConfigurationText(file, Encoding.UTF8.GetString(HostFile.ReadAllBytes(file.Value, ConfigurationText.MaxBytes)));
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw new SystemFailureException(ErrorCodes.GitlabCiUnreadable, $"{file} cannot be read: {HostFileException.ReasonOf(e)}", "Give the path of a .gitlab-ci.yml: --gitlab-ci FILE", e);
        }
    }

    /// <summary>All files, seen from the top; links are not followed, and of a huge tree the first files count.</summary>
    public IReadOnlyList<string> Paths() => _paths ??= [.. Walk(top.Value).Take(MostFiles).Select(file => Path.GetRelativePath(top.Value, file))];

    private static IEnumerable<string> Walk(string root)
    {
        var open = new Queue<string>([root]);
        while (open.TryDequeue(out var directory))
        {
            var (files, directories) = HostDirectory.Entries(directory, OneLevel);
            foreach (var file in files)
            {
                yield return file;
            }

            foreach (var inner in directories.Where(inner => Path.GetFileName(inner) != GitDirectory))
            {
                open.Enqueue(inner);
            }
        }
    }
}
