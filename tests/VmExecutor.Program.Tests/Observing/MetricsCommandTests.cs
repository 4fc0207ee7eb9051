using FluentAssertions;
using VmExecutor.Core.Observing;
using Xunit;

namespace VmExecutor.Program.Tests.Observing;

/// <summary>The real program's numbers, looked at by promtool.</summary>
public sealed class MetricsCommandTests : IDisposable
{
    private readonly StageBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact(Timeout = 120_000)]
    public async Task A_hosts_metrics_are_good_for_promtool()
    {
        WriteLedger("success", "failed");

        var exit = await _bench.RunAsync("metrics");

        exit.ExitCode.Should().Be(0, exit.ToString());
        exit.Output.Should().Contain("vm_executor_jobs_total{result=\"success\",class=\"none\",image=\"base\"} 1\n").And.Contain("\nvm_executor_libvirt_up 1\n")
            .And.Contain("\nvm_executor_leftovers 0\n");
        (await Promtool.RunAsync(exit.Output, "check", "metrics")).Should().BeEmpty();
    }

    [Fact(Timeout = 120_000)]
    public async Task A_file_is_written_as_a_whole_and_readable_for_node_exporter()
    {
        var file = _bench.PathOf("vm-executor.prom");

        var exit = await _bench.RunAsync("metrics", "--output", "vm-executor.prom");

        exit.Should().BeEquivalentTo(new ProgramExit(0, "", ""));
        (await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken)).Should().StartWith("# HELP ").And.EndWith("\n");
        File.GetUnixFileMode(file).Should().HaveFlag(UnixFileMode.OtherRead);
        Directory.GetFiles(Path.GetDirectoryName(file)!, "*.tmp").Should().BeEmpty();
    }

    [Fact(Timeout = 120_000)]
    public async Task A_libvirt_that_does_not_answer_is_a_number_and_no_failure()
    {
        _bench.Write("vm-executor.yaml", $"state_dir: {_bench.PathOf("state")}\nlibvirt:\n  uri: qemu+unix:///system?socket=/nonexistent/libvirt-sock\n");

        var exit = await _bench.RunAsync("metrics");

        exit.ExitCode.Should().Be(0, exit.ToString());
        exit.Output.Should().Contain("\nvm_executor_libvirt_up 0\n").And.NotContain("vm_executor_vms{");
    }

    [Fact(Timeout = 120_000)]
    public async Task A_place_that_cannot_be_written_is_named()
    {
        var exit = await _bench.RunAsync("metrics", "--output", "missing/x.prom");

        exit.ShouldFail(StageBench.SystemFailure, "VMX1901", "--output missing/x.prom", "there is no such directory");
    }

    [Theory(Timeout = 120_000)]
    [InlineData("cleanup")]
    [InlineData("gc")]
    public async Task Where_the_configuration_names_a_file_cleanup_and_gc_bring_it_up_to_date(string command)
    {
        WriteLedger("success");
        Configure("metrics: {file: numbers.prom}");

        (await _bench.RunAsync(command)).ExitCode.Should().Be(0);

        (await File.ReadAllTextAsync(_bench.PathOf("numbers.prom"), TestContext.Current.CancellationToken)).Should().Contain("result=\"success\"");
    }

    [Fact(Timeout = 120_000)]
    public async Task A_cleanup_that_cannot_write_them_succeeds_with_a_warning()
    {
        Configure("metrics: {file: missing/numbers.prom}");

        var exit = await _bench.RunAsync("cleanup");

        exit.ExitCode.Should().Be(0, exit.ToString());
        exit.Error.Should().Contain("WARNING: the metrics were not written: ");
    }

    private void Configure(string more) => _bench.Write("vm-executor.yaml", $"state_dir: {_bench.PathOf("state")}\nlibvirt:\n  uri: test:///default\n{more}\n");

    private void WriteLedger(params string[] results) => _bench.Write("state/ledger.jsonl", string.Concat(results.Select((result, number) => new LedgerEntry
    {
        Job = $"abc-{number}-ffffff",
        Image = "base",
        Result = result,
        RemovedBy = "cleanup",
        Ready = DateTimeOffset.UnixEpoch,
        Removed = DateTimeOffset.UnixEpoch,
        CleanupSeconds = 1,
        RemovedParts = [],
    }.ToLine())));
}
