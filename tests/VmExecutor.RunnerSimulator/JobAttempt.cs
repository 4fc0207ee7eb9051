using System.Globalization;
using System.Runtime.InteropServices;
using VmExecutor.RunnerSimulator.Jobs;
using VmExecutor.RunnerSimulator.Processes;
using VmExecutor.RunnerSimulator.Scripts;

namespace VmExecutor.RunnerSimulator;

/// <summary>One attempt's TMPDIR and what the runner keeps in it: the job response, the scripts, the place for the exit code.</summary>
internal sealed class JobAttempt
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly FileOwner? _owner;

    private JobAttempt(int number, string directory, FileOwner? owner)
    {
        Number = number;
        TempDirectory = directory;
        _owner = owner;
        Give(directory);
    }

    /// <summary>From 1.</summary>
    public int Number { get; }

    public string TempDirectory { get; }

    public string JobResponseFile => Path.Combine(TempDirectory, "response.json");

    public string ExitCodeFile => Path.Combine(TempDirectory, "build_exit_code");

    public static JobAttempt Begin(int number, SimulatedJob job, RunnerOptions options)
    {
        var directory = UniqueDirectory(options.TempDirectory, "custom-executor");
        var attempt = new JobAttempt(number, directory, options.Owner);
        attempt.WriteFile(
            attempt.JobResponseFile, job.RawResponse ?? JobResponse.Write(job, options), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return attempt;
    }

    /// <returns>The script's path, <c>scriptNNN/script</c>.</returns>
    public string WriteScript(ScriptWriter script)
    {
        var directory = UniqueDirectory(TempDirectory, "script");
        Give(directory);
        var path = Path.Combine(directory, script.Settings.FileName);
        WriteFile(path, System.Text.Encoding.UTF8.GetBytes(script.Finish()), OwnerOnly);
        return path;
    }

    /// <summary>A driver's gc may have been here before: it removes the directories of runners that have died.</summary>
    public void Delete()
    {
        if (Directory.Exists(TempDirectory))
        {
            Directory.Delete(TempDirectory, recursive: true);
        }
    }

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

    private void WriteFile(string path, byte[] content, UnixFileMode mode)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = mode };
        using var file = new FileStream(path, options);
        file.Write(content);
        Give(path);
    }

    private void Give(string path)
    {
        if (_owner is not null)
        {
            var result = Posix.ChangeOwner(path, _owner.UserId, _owner.GroupId);
            Posix.Require(result == 0 ? 0 : Marshal.GetLastPInvokeError(), $"chown {path}");
        }
    }
}
