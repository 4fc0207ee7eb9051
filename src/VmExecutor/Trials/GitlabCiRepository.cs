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
    public IReadOnlyList<string> Paths() => _paths ??= [.. Walk(top).Take(MostFiles).Select(file => Path.GetRelativePath(top.Value, file.Value))];

    private static IEnumerable<AbsolutePath> Walk(AbsolutePath root)
    {
        var open = new Queue<AbsolutePath>([root]);
        while (open.TryDequeue(out var directory))
        {
            foreach (var path in Entries(directory))
            {
                switch (FileStat.TryRead(path, followLinks: false))
                {
                    case { IsDirectory: true } when path.Name != GitDirectory:
                        open.Enqueue(path);
                        break;
                    case { IsDirectory: false, IsLink: false }:
                        yield return path;
                        break;
                }
            }
        }
    }

    /// <summary>None, of a directory that may not be listed, or is gone.</summary>
    private static IEnumerable<AbsolutePath> Entries(AbsolutePath directory)
    {
        try
        {
            return HostDirectory.List(directory).Select(entry => entry.Path).OfType<AbsolutePath>();
        }
        catch (HostFileException)
        {
            return [];
        }
    }
}
