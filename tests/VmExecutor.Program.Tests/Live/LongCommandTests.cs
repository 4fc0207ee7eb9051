using System.CommandLine;
using System.Text.RegularExpressions;
using FluentAssertions;
using VmExecutor.Commands;
using VmExecutor.RunnerSimulator.Drivers;
using Xunit;

namespace VmExecutor.Program.Tests.Live;

/// <summary>Each command that may take long shows a person at a terminal that it works. A new command has to be put into one of the lists.</summary>
public sealed class LongCommandTests
{
    /// <summary>They copy disks, boot guests, wait for others, or remove what may be much. Each has its class beside it.</summary>
    private static readonly Dictionary<string, string> Long = new()
    {
        ["bench"] = nameof(BenchCommand),
        ["clone"] = nameof(CloneCommand),
        ["doctor"] = nameof(DoctorCommand),
        ["drain"] = nameof(DrainCommand),
        ["gc"] = nameof(GcCommand),
        ["image publish"] = nameof(PublishCommand),
        ["image push"] = nameof(PushCommand),
        ["image warm"] = nameof(WarmCommand),
        ["standby fill"] = nameof(StandbyCommand),
        ["standby drain"] = nameof(StandbyCommand),
    };

    /// <summary>The output of a job, a guest or a table that is drawn again is on the terminal while they work.</summary>
    private static readonly string[] WithOutputOfTheirOwn = ["console", "logs", "replay", "ssh", "top", "try"];

    /// <summary>The runner's; what they write is the job log.</summary>
    private static readonly string[] Stages = ["cleanup", "config", "prepare", "run"];

    /// <summary>They read files, ask libvirt once, or end one VM.</summary>
    private static readonly string[] Short =
    [
        "check", "completion", "disk clear", "disk list", "disk remove", "disk show", "egress", "image explain", "image list", "image prune", "image remove", "image rollback",
        "image show", "install", "list", "manual", "metrics", "report", "standby", "stop", "undrain", "usage",
    ];

    [Fact]
    public void Each_command_is_in_one_of_the_lists()
    {
        using var signals = new Signals();

        Working(DriverCommand.Create(Invocation.FromProcess(signals)), "").Order(StringComparer.Ordinal)
            .Should().Equal(Long.Keys.Concat(WithOutputOfTheirOwn).Concat(Stages).Concat(Short).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Each_long_command_does_its_work_below_the_last_line_that_shows_it()
    {
        foreach (var commands in Long.GroupBy(command => command.Value, command => command.Key))
        {
            var text = File.ReadAllText(Path.Combine(BuiltDriver.Checkout(), $"src/VmExecutor/Commands/{commands.Key}.cs"));

            Regex.Count(text, @"\binvocation\.ShowAsync\(").Should().Be(commands.Count(), string.Join(", ", commands));
        }
    }

    /// <summary>All commands that do something, those that have others below them too.</summary>
    private static IEnumerable<string> Working(Command command, string path) => command.Subcommands.SelectMany(below =>
        Working(below, $"{path}{below.Name} ").Concat(below.Action is null ? [] : [$"{path}{below.Name}"]));
}
