using System.Diagnostics;
using FluentAssertions;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Tests.Fakes;
using Xunit;

namespace VmExecutor.Host.Tests.Clones;

public sealed class JobDirectoryTests : IDisposable
{
    private readonly AbsolutePath _state = new(Directory.CreateTempSubdirectory("vmx-jobs").FullName);

    public void Dispose() => Directory.Delete(_state.Value, recursive: true);

    [Fact(Timeout = 60_000)]
    public async Task A_file_that_is_written_while_the_directory_is_removed_does_not_keep_it()
    {
        for (var job = 1; job <= 100; job++)
        {
            var key = new JobKey("https://gitlab.example.com", "abc", job);
            var directory = JobDirectory.Of(_state, key);
            directory.Create(TestRecord.Of(key, _state));

            // As the ssh of a run whose runner was killed: it has the directory open, and writes its log at the worst moment.
            var start = new ProcessStartInfo("sh", ["-c", "echo ready; while [ -e job.json ]; do :; done; : >ssh.log"])
            {
                WorkingDirectory = directory.Paths.Directory.Value,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            using var writer = Process.Start(start)!;
            await writer.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);

            directory.Remove();

            await writer.WaitForExitAsync(TestContext.Current.CancellationToken);
            Directory.EnumerateFileSystemEntries(JobPaths()).Should().BeEmpty();
        }
    }

    private string JobPaths() => Path.Combine(_state.Value, "jobs");
}
