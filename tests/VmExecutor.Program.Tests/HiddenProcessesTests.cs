using System.Diagnostics;
using System.Text.Json;
using FluentAssertions;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Processes;
using VmExecutor.Host.Tests;
using VmExecutor.Host.Tests.Fakes;
using Xunit;

namespace VmExecutor.Program.Tests;

/// <summary>Runs gc where /proc hides other users' processes (<c>hidepid=2</c>, really mounted so): a process that it cannot see is not taken for gone.</summary>
public sealed class HiddenProcessesTests : IDisposable
{
    private const string HidingOthers =
        """
        set -- unshare --mount --propagation private sh -c 'mount -t proc -o hidepid=2 proc /proc && exec setpriv --reuid 65534 --regid 65534 --clear-groups -- "$0" "$@"' "$0" "$@"
        exec "$@"
        """;

    private readonly StageBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Theory(Timeout = 60_000)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_job_is_no_leftover_while_its_runner_runs_out_of_sight(bool runs)
    {
        Prerequisite.Require(Environment.IsPrivilegedProcess, "root, to mount a /proc in a namespace of its own");
        using var runner = Process.Start("sleep", "300");
        try
        {
            var key = new JobKey("https://gitlab.example.com", "hidden", 1);
            var state = new AbsolutePath(_bench.PathOf("state"));
            var record = TestRecord.Of(key, state, "test:///default");
            JobDirectory.Of(state, key).Create(record with { Stamp = record.Stamp with { Runner = ProcessTable.Describe(runner.Id) } });
            if (!runs)
            {
                runner.Kill();
                await runner.WaitForExitAsync(TestContext.Current.CancellationToken);
            }

            using var chown = Process.Start("chown", ["-R", "65534:65534", _bench.PathOf("")]);
            await chown.WaitForExitAsync(TestContext.Current.CancellationToken);

            var exit = await _bench.RunAfterAsync(HidingOthers, "gc", "--dry-run", "--json");

            exit.ExitCode.Should().Be(0, exit.ToString());
            using var document = JsonDocument.Parse(exit.Output);
            document.RootElement.GetProperty("leftovers").EnumerateArray().Select(one => one.GetProperty("reason").GetString())
                .Should().Equal(runs ? [] : new[] { "runner_gone" }, exit.ToString());
        }
        finally
        {
            runner.Kill();
        }
    }
}
