using FluentAssertions;
using VmExecutor.Core.Observing;
using Xunit;

namespace VmExecutor.Program.Tests.Health;

/// <summary><c>doctor</c> with a GitLab Runner's configuration that fits ours, and with those that do not.</summary>
public sealed class DoctorRunnerTests : IDisposable
{
    private readonly StageBench _bench = new();

    public DoctorRunnerTests()
    {
        foreach (var stage in new[] { "config", "prepare", "run", "cleanup" })
        {
            _bench.WriteProgram($"driver/{stage}", $"#!/bin/sh\nexec vm-executor {stage} \"$@\"\n");
        }
    }

    public void Dispose() => _bench.Dispose();

    [Fact(Timeout = 60_000)]
    public async Task A_configuration_that_fits_is_fine_in_all_parts()
    {
        Write(Toml());
        (await LookAsync()).Should().ContainSingle(finding => finding.Status != "ok" && finding.Check != "runner-stop", "an image has shell: sh").Which.Should()
            .Match<Line>(finding => finding.Check == "runner-features" && finding.Found.Contains("image 'other'") && finding.Fix!.StartsWith("FF_POSIXLY_CORRECT_ESCAPES = true"));

        Write(Toml().Replace("# [runners.feature_flags]", "[runners.feature_flags]", StringComparison.Ordinal).Replace("#   FF_POSIX", "FF_POSIX", StringComparison.Ordinal));
        (await LookAsync()).Should().AllSatisfy(finding => finding.Status.Should().Be(finding.Check == "runner-stop" ? "skipped" : "ok", finding.ToString())).And.HaveCount(7);
    }

    [Fact(Timeout = 60_000)]
    public async Task It_is_found_in_the_home_of_who_looks()
    {
        _bench.Write(".gitlab-runner/config.toml", Toml());

        (await ConfigAsync()).Should().Match<Line>(finding => finding.Status == "ok" && finding.Found.StartsWith(_bench.PathOf(".gitlab-runner/config.toml")));
    }

    [Fact(Timeout = 60_000)]
    public async Task The_file_of_a_running_runner_comes_before_the_systems()
    {
        _bench.Write("runner-root/etc/gitlab-runner/config.toml", "").Write("runner-root/srv/config.toml", Toml());
        (await ConfigAsync()).Found.Should().StartWith(_bench.PathOf("runner-root/etc/gitlab-runner/config.toml"));

        _bench.Write("runner-root/proc/77/cmdline", "/usr/bin/gitlab-runner\0run\0--config\0/srv/config.toml\0");
        (await ConfigAsync()).Should().Match<Line>(finding => finding.Status == "ok" && finding.Found.StartsWith(_bench.PathOf("runner-root/srv/config.toml")));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_runner_of_the_machine_that_the_tests_run_on_is_not_seen()
    {
        // A stand-in: bash by another name, which waits until its input ends.
        var program = _bench.PathOf("gitlab-runner");
        _bench.Write("wait", "read -r line\n").Write("machine.toml", Toml());
        using (var copy = System.Diagnostics.Process.Start("cp", ["/bin/bash", program]))
        {
            await copy.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        using var runner = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo(program, [_bench.PathOf("wait"), "run", "--config", _bench.PathOf("machine.toml")]) { RedirectStandardInput = true })!;
        try
        {
            (await ConfigAsync()).Should().Match<Line>(finding => finding.Status == "warning" && finding.Found.StartsWith($"there is no {_bench.PathOf("runner-root")}/etc/"));

            _bench.Environment.Remove("VM_EXECUTOR_RUNNER_ROOT");
            (await ConfigAsync()).Should().Match<Line>(finding => !finding.Found.StartsWith("there is no "), "without what keeps it out, it or another runner is found");
        }
        finally
        {
            runner.StandardInput.Close();
            await runner.WaitForExitAsync(CancellationToken.None);
        }
    }

    [Theory(Timeout = 60_000)]
    [InlineData("control-group", "warning", "SIGQUIT to the stages")]
    [InlineData("mixed", "ok", "waits for its jobs")]
    public async Task The_unit_of_a_running_systemd_is_looked_at_with_its_drop_ins(string mode, string status, string found)
    {
        // It only prints, so it may be called several times at once.
        _bench.Write("runner-root/run/systemd/system/.keep", "").WriteProgram("bin/systemctl", $"#!/bin/sh\n[ \"$*\" = 'show --property=LoadState,KillSignal,KillMode -- gitlab-runner.service' ] || exit 1\nprintf 'KillMode={mode}\\nKillSignal=3\\nLoadState=loaded\\n'\n");
        _bench.Environment["PATH"] = $"{_bench.PathOf("bin")}:{_bench.Environment["PATH"]}";
        Write(Toml());

        (await LookAsync()).Single(finding => finding.Check == "runner-stop").Should().Match<Line>(finding => finding.Status == status && finding.Found.Contains(found));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_root_that_is_no_directorys_path_is_refused()
    {
        _bench.Environment["VM_EXECUTOR_RUNNER_ROOT"] = "host";

        (await _bench.RunAsync("doctor")).ShouldFail(StageBench.SystemFailure, "VMX1901", "VM_EXECUTOR_RUNNER_ROOT", "'host'");
    }

    [Fact(Timeout = 60_000)]
    public async Task Short_timeouts_missing_directories_and_too_many_jobs_are_told_with_the_lines_that_help()
    {
        File.AppendAllText(_bench.PathOf("vm-executor.yaml"), "limits: {max_vms: 2}\n");
        Write(Toml().Replace("prepare_exec_timeout = 2700", "prepare_exec_timeout = 600", StringComparison.Ordinal)
            .Replace("cleanup_exec_timeout = 180", "cleanup_exec_timeout = 10", StringComparison.Ordinal)
            .Replace("builds_dir = \"/builds\"\n", "", StringComparison.Ordinal));

        var findings = await LookAsync();

        findings.Select(finding => (finding.Check, finding.Status, finding.Fix)).Should().Contain(
        [
            ("runner-timeouts", "problem", "prepare_exec_timeout = 2460   # in [runners.custom]"),
            ("runner-timeouts", "problem", "cleanup_exec_timeout = 90   # in [runners.custom]"),
            ("runner-dirs", "warning", "builds_dir = \"/builds\"   # in [[runners]]"),
            ("runner-concurrent", "warning", "concurrent = 2   # at the top of config.toml, or limit in [[runners]]"),
        ]);
    }

    [Fact(Timeout = 60_000)]
    public async Task Earlier_jobs_say_how_many_at_once_would_fit_by_what_they_took()
    {
        var entry = new LedgerEntry
        {
            Job = "abc-1-ffffff",
            Result = "success",
            RemovedBy = "cleanup",
            Removed = DateTimeOffset.UtcNow.AddDays(-1),
            CleanupSeconds = 1,
            HostMemoryBytes = 400 << 20,
            RemovedParts = [],
        };
        Write(Toml());
        var without = await LookAsync();
        _bench.Write("state/ledger.jsonl", string.Concat(Enumerable.Repeat(entry.ToLine(), 12)));

        var with = await LookAsync();

        without.Single(finding => finding.Check == "runner-concurrent").Found.Should().NotContain("runs of the last");
        with.Single(finding => finding.Check == "runner-concurrent").Found.Should().MatchRegex(@"\. The 12 runs of the last 14 days took 400MiB of this host's memory at most each: with 25 % more for each, \d+ fit into [\d.]+GiB$");
    }

    [Fact(Timeout = 60_000)]
    public async Task Stages_that_are_not_there_or_may_not_be_run_are_named()
    {
        Write(Toml());
        File.Delete(_bench.PathOf("driver/config"));
        File.SetUnixFileMode(_bench.PathOf("driver/run"), UnixFileMode.UserRead);

        var findings = (await LookAsync()).Where(finding => finding.Check == "runner-stages").ToList();

        findings.Should().HaveCount(2).And.OnlyContain(finding => finding.Status == "problem");
        findings[0].Found.Should().Contain($"{_bench.PathOf("driver/config")} (config_exec)");
        findings[1].Fix.Should().Be($"chmod a+rx '{_bench.PathOf("driver/run")}'");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_file_that_the_runner_would_not_take_is_told_with_its_line()
    {
        Write("concurrent = 4\n[[runners]\n");

        var findings = await LookAsync();

        findings.Should().ContainSingle(finding => finding.Check == "runner-config").Which.Should().Match<Line>(finding => finding.Status == "problem" && finding.Found.Contains("line 2, column"));
        findings.Where(finding => finding.Check != "runner-config").Should().OnlyContain(finding => finding.Status == "skipped");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_file_that_is_not_where_it_was_said_to_be_is_a_problem()
    {
        var findings = await LookAsync();

        findings.Should().ContainSingle(finding => finding.Check == "runner-config").Which.Should().Match<Line>(finding => finding.Status == "problem" && finding.Found.Contains("--config-toml"));
    }

    private async Task<Line> ConfigAsync() => (await Doctor.RunAsync(_bench)).Findings.Should().ContainSingle(finding => finding.Check == "runner-config").Which;

    private void Write(string toml) => _bench.Write("config.toml", toml);

    private async Task<IReadOnlyList<Line>> LookAsync()
    {
        var (_, findings) = await Doctor.RunAsync(_bench, "--config-toml", _bench.PathOf("config.toml"));
        return [.. findings.Where(finding => finding.Check.StartsWith("runner-", StringComparison.Ordinal) && finding.Check != "runner-user")];
    }

    /// <summary>The sample, with the paths of this bench.</summary>
    private string Toml() => File.ReadAllText(Path.Combine(VmExecutor.RunnerSimulator.Drivers.BuiltDriver.Checkout(), "executor/config.toml"))
        .Replace("/usr/lib/vm-executor/", $"{_bench.PathOf("driver")}/", StringComparison.Ordinal)
        .Replace("/etc/vm-executor/vm-executor.yaml", _bench.PathOf("vm-executor.yaml"), StringComparison.Ordinal)
        .Replace("  builds_dir", "builds_dir", StringComparison.Ordinal);
}
