using System.Text;
using VmExecutor.Core.Health.Runner;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using VmExecutor.Host.Health;
using VmExecutor.Host.Processes;

namespace VmExecutor.Host.Runner;

/// <summary>GitLab Runner's config.toml and the programs that it names.</summary>
public sealed class RunnerFiles(RunnerHost host, ToolEnvironment environment)
{
    private const int Longest = 1 << 20;
    private const int Beginning = 4096;
    private const string Program = "vm-executor";

    /// <summary>
    /// The places where the file may be, the likeliest first: named, as a running runner has it, the system's, the user's.
    /// </summary>
    public IReadOnlyList<AbsolutePath> Places(AbsolutePath? named, GitLabRunner? running)
    {
        if (named is not null)
        {
            return [named];
        }

        // https://docs.gitlab.com/runner/configuration/advanced-configuration/
        var own = AbsolutePath.TryParse(environment.Variables.GetValueOrDefault("HOME"), out var home) ? home.Child(".gitlab-runner").Child("config.toml") : null;
        return [.. new[] { running?.ConfigFile, host.SystemConfig, own }.OfType<AbsolutePath>().Distinct()];
    }

    /// <summary>The first of the places where there is something; null: nowhere is. One that is out of reach is there.</summary>
    public static AbsolutePath? Find(IReadOnlyList<AbsolutePath> places) => places.FirstOrDefault(place => !FileStat.IsMissing(place));

    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">We may not read it.</exception>
    public static string Read(AbsolutePath file) => Encoding.UTF8.GetString(HostFile.ReadAllBytes(file.Value, Longest));

    /// <summary>Looks at a stage's program; one without a slash is looked for in PATH, as the runner does.</summary>
    public StageFile Look(StageCommand stage)
    {
        try
        {
            var found = environment.Find(stage.Exec!);
            return AbsolutePath.TryParse(Path.GetFullPath(found), out var path) ? new StageFile(true, ProcessUser.MayExecute(path), IsOurs(path, stage)) : new StageFile(false, false, false);
        }
        catch (ToolMissingException)
        {
            return new StageFile(false, false, false);
        }
    }

    /// <summary>The program itself, told the stage's name; or a script with the program's name in it, as our entry points are.</summary>
    private static bool IsOurs(AbsolutePath path, StageCommand stage)
    {
        if (path.Name == Program)
        {
            return stage.Arguments.Contains(stage.Stage);
        }

        try
        {
            using var file = HostFile.OpenRead(path.Value);
            var buffer = new byte[Beginning];
            var length = file.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
            return buffer.AsSpan(0, length).IndexOf("vm-executor"u8) >= 0;
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            return false;
        }
    }
}
