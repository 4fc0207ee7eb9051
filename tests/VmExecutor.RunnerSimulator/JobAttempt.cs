using System.Globalization;
using VmExecutor.RunnerSimulator.Jobs;
using VmExecutor.RunnerSimulator.Scripts;

namespace VmExecutor.RunnerSimulator;

/// <summary>One attempt's TMPDIR and what the runner keeps in it: the job response, the scripts, the place for the exit code.</summary>
internal sealed class JobAttempt
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private JobAttempt(int number, string directory)
    {
        Number = number;
        TempDirectory = directory;
    }

    /// <summary>From 1.</summary>
    public int Number { get; }

    public string TempDirectory { get; }

    public string JobResponseFile => Path.Combine(TempDirectory, "response.json");

    public string ExitCodeFile => Path.Combine(TempDirectory, "build_exit_code");

    public static JobAttempt Begin(int number, SimulatedJob job, RunnerOptions options)
    {
        var directory = UniqueDirectory(options.TempDirectory, "custom-executor");
        var attempt = new JobAttempt(number, directory);
        WriteFile(
            attempt.JobResponseFile, job.RawResponse ?? JobResponse.Write(job, options), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return attempt;
    }

    /// <returns>The script's path, <c>scriptNNN/script</c>.</returns>
    public string WriteScript(string shell, string body)
    {
        var path = Path.Combine(UniqueDirectory(TempDirectory, "script"), ScriptText.FileName(shell));
        WriteFile(path, System.Text.Encoding.UTF8.GetBytes(ScriptText.Wrap(shell, body)), OwnerOnly);
        return path;
    }

    public void Delete() => Directory.Delete(TempDirectory, recursive: true);

    private static string UniqueDirectory(string parent, string prefix)
    {
        while (true)
        {
            var number = Random.Shared.Next().ToString(CultureInfo.InvariantCulture);
            var path = Path.Combine(parent, prefix + number);
            if (!Directory.Exists(path))
            {
                Directory.CreateDirectory(path, OwnerOnly);
                return path;
            }
        }
    }

    private static void WriteFile(string path, byte[] content, UnixFileMode mode)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = mode };
        using var file = new FileStream(path, options);
        file.Write(content);
    }
}
