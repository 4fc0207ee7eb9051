using System.Text.Json;
using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Observing;
using VmExecutor.Core.Values;
using VmExecutor.Host.Observing;
using Xunit;

namespace VmExecutor.Host.Tests.Observing;

public sealed class OperatorLogTests : IDisposable
{
    private readonly AbsolutePath _state = new(Directory.CreateTempSubdirectory("vmx-log-").FullName);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_state.Value, recursive: true);

    [Fact(Timeout = 60_000)]
    public async Task A_line_is_one_JSON_document_with_every_field_that_is_known()
    {
        var line = new LogLine
        {
            Stage = "prepare",
            Job = "abc-1-ffffff",
            Project = "group/\"project\"\nof lines",
            Image = "debian",
            Generation = 3,
            Start = "cold",
            ColdReason = "no_template",
            Seconds = 4.512,
            Phases = new Dictionary<string, double> { ["boot"] = 3.25 },
            Error = "VMX1402",
            Outcome = "system_failure",
        };

        await WriteAsync(line);

        using var document = JsonDocument.Parse((await LinesAsync()).Should().ContainSingle().Subject);
        var root = document.RootElement;
        root.GetProperty("@l").GetString().Should().Be("Error");
        root.GetProperty("@t").GetDateTimeOffset().Should().BeCloseTo(DateTimeOffset.UtcNow, TimeSpan.FromMinutes(5));
        root.GetProperty("project").GetString().Should().Be(line.Project);
        root.GetProperty("generation").GetInt32().Should().Be(3);
        root.GetProperty("seconds").GetDouble().Should().Be(4.512);
        root.GetProperty("phases").GetProperty("boot").GetDouble().Should().Be(3.25);
        root.EnumerateObject().Select(property => property.Name).Should().Equal(
            "@t", "@mt", "@l", "stage", "outcome", "job", "project", "image", "generation", "start", "cold_reason", "error", "seconds", "phases");
    }

    [Theory(Timeout = 60_000)]
    [InlineData(LogLevel.Info, "run", 0)]
    [InlineData(LogLevel.Debug, "run", 1)]
    [InlineData(LogLevel.Info, "cleanup", 1)]
    [InlineData(LogLevel.Warning, "cleanup", 0)]
    public async Task Lines_below_the_level_are_left_out(LogLevel level, string stage, int lines)
    {
        await WriteAsync(new LogLine { Stage = stage }, new LogSettings { Level = level });

        (await LinesAsync()).Should().HaveCount(lines);
    }

    [Fact(Timeout = 60_000)]
    public async Task Switched_off_it_makes_no_file()
    {
        await WriteAsync(new LogLine { Stage = "cleanup" }, new LogSettings { Enabled = false });

        Directory.Exists(_state.Child("log").Value).Should().BeFalse();
    }

    [Fact(Timeout = 60_000)]
    public async Task Many_who_write_at_once_tear_no_line_also_while_files_are_exchanged()
    {
        var settings = new LogSettings { MaxSize = new ByteSize(20_000), Keep = 20 };

        await Task.WhenAll(Enumerable.Range(0, 8).Select(writer => Task.Run(
            async () =>
            {
                for (var number = 0; number < 50; number++)
                {
                    await WriteAsync(new LogLine { Stage = "cleanup", Job = $"abc-{(writer * 100) + number}-ffffff" }, settings);
                }
            },
            Token)));

        var files = Directory.GetFiles(_state.Child("log").Value);
        files.Should().HaveCountGreaterThan(1);
        files.SelectMany(File.ReadAllLines).Select(line => JsonDocument.Parse(line).RootElement.GetProperty("job").GetString())
            .Should().HaveCount(400).And.OnlyHaveUniqueItems();
    }

    [Fact(Timeout = 60_000)]
    public async Task Earlier_files_are_as_many_as_wanted_and_beside_the_first()
    {
        var settings = new LogSettings { File = _state.Child("own.log"), MaxSize = new ByteSize(1), Keep = 2 };

        for (var number = 0; number < 5; number++)
        {
            await WriteAsync(new LogLine { Stage = "gc", Removed = number }, settings);
        }

        Directory.GetFiles(_state.Value, "own*").Select(Path.GetFileName).Order().Should().Equal("own.1.log", "own.2.log", "own.log");
    }

    [Theory(Timeout = 60_000)]
    [InlineData(true, "<6>{")]
    [InlineData(false, "")]
    public async Task Journald_gets_the_line_with_its_priority_where_that_is_wanted(bool wanted, string begin)
    {
        using var journal = new StringWriter();

        await new OperatorLog(new LogSettings { Journal = wanted }, _state, TimeProvider.System).WriteAsync(new LogLine { Stage = "gc" }, journal);

        journal.ToString().Should().StartWith(begin).And.HaveLength(wanted ? (await LinesAsync())[0].Length + 4 : 0);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_log_that_cannot_be_written_is_told_of_once_and_never_thrown()
    {
        await File.WriteAllTextAsync(_state.Child("file").Value, "", Token);
        var log = new OperatorLog(new LogSettings { File = _state.Child("file").Child("log.jsonl") }, _state, TimeProvider.System);

        (await log.WriteAsync(new LogLine { Stage = "cleanup" }, null)).Should().Contain("file/log.jsonl cannot be written");
    }

    private async Task WriteAsync(LogLine line, LogSettings? settings = null) =>
        (await new OperatorLog(settings ?? new LogSettings(), _state, TimeProvider.System).WriteAsync(line, null)).Should().BeNull();

    private async Task<string[]> LinesAsync() =>
        File.Exists(_state.Resolve("log/vm-executor.jsonl").Value) ? await File.ReadAllLinesAsync(_state.Resolve("log/vm-executor.jsonl").Value, Token) : [];
}
