using System.Text.Json;
using FluentAssertions;
using Xunit;

namespace VmExecutor.Program.Tests.Observing;

/// <summary>The lines of the operator's log that the real program writes.</summary>
public sealed class OperatorLogOfStagesTests : IDisposable
{
    private readonly StageBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact(Timeout = 120_000)]
    public async Task Every_stage_writes_its_line_and_none_has_a_secret_or_a_message()
    {
        Configure("log: {level: debug}");
        _bench.Write("script", $"echo {StageBench.Canary}\n");

        await _bench.RunAsync("config");
        (await _bench.RunAsync("prepare")).ExitCode.Should().Be(StageBench.SystemFailure);
        (await _bench.RunAsync("run", _bench.PathOf("script"), "build_script")).ExitCode.Should().Be(StageBench.SystemFailure);
        (await _bench.RunAsync("cleanup")).ExitCode.Should().Be(0);
        (await _bench.RunAsync("gc")).ExitCode.Should().Be(0);

        var lines = Lines();
        lines.Select(line => (line.GetProperty("stage").GetString(), line.GetProperty("outcome").GetString())).Should().Equal(
            ("config", "ok"), ("prepare", "system_failure"), ("run", "system_failure"), ("cleanup", "ok"), ("gc", "ok"));
        lines[1].GetProperty("image").GetString().Should().Be("small");
        lines[1].GetProperty("error").GetString().Should().StartWith("VMX");
        lines[2].GetProperty("error").GetString().Should().Be("VMX1409");
        lines[2].GetProperty("sub_stage").GetString().Should().Be("build_script");
        lines[4].GetProperty("removed").GetInt32().Should().Be(0);
        lines.Take(4).Should().OnlyContain(line => line.GetProperty("project").GetString() == "group/project" && line.GetProperty("job").GetString()!.StartsWith("prgtest-4711-"));
        Text().Should().NotContainAny(StageBench.Canary, "What to do", "SECRET", "ssh-", "BEGIN");
        File.GetUnixFileMode(LogFile).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
    }

    [Fact(Timeout = 120_000)]
    public async Task By_default_a_stage_that_only_reads_leaves_no_line()
    {
        await _bench.RunAsync("config");

        File.Exists(LogFile).Should().BeFalse();
    }

    [Fact(Timeout = 120_000)]
    public async Task A_log_that_cannot_be_written_is_one_warning_and_no_failure()
    {
        _bench.Write("file", "");
        Configure($"log: {{level: debug, file: {_bench.PathOf("file/log.jsonl")}}}");

        var exit = await _bench.RunAsync("config");

        exit.ExitCode.Should().Be(0, exit.ToString());
        exit.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Should().ContainSingle().Which.Should().StartWith("WARNING: the operator's log ");
        JsonDocument.Parse(exit.Output).RootElement.GetProperty("driver").ValueKind.Should().Be(JsonValueKind.Object);
    }

    [Fact(Timeout = 120_000)]
    public async Task For_journald_a_command_says_its_line_with_a_priority_and_a_stage_does_not()
    {
        Configure("log: {level: debug, journal: true}");

        (await _bench.RunAsync("gc")).Error.Should().MatchRegex(@"^<6>\{""@t"":.*""stage"":""gc""").And.NotContain(StageBench.Canary);
        (await _bench.RunAsync("config")).Error.Should().BeEmpty();
        Lines().Should().HaveCount(2);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_mistake_in_what_is_observed_keeps_no_VM_from_being_removed()
    {
        Configure("log: {level: loud}\nmetrics: {file: [x]}");

        (await _bench.RunAsync("cleanup")).ExitCode.Should().Be(0);
        (await _bench.RunAsync("config")).ShouldFail(StageBench.SystemFailure, "VMX1101", "log.level");
    }

    private string LogFile => _bench.PathOf("state/log/vm-executor.jsonl");

    private string Text() => File.ReadAllText(LogFile);

    private List<JsonElement> Lines() => [.. File.ReadAllLines(LogFile).Select(line => JsonDocument.Parse(line).RootElement)];

    private void Configure(string more) => _bench.Write(
        "vm-executor.yaml", $"state_dir: {_bench.PathOf("state")}\nimages_dir: images\ndefault_image: small\nlibvirt:\n  uri: test:///default\n{more}\n");
}
