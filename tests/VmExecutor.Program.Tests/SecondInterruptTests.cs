using System.Diagnostics;
using System.Globalization;
using FluentAssertions;
using VmExecutor.RunnerSimulator.Drivers;
using Xunit;

namespace VmExecutor.Program.Tests;

/// <summary>Ctrl-C twice: a recipe that does not end makes the undoing take longer than a person wants to wait.</summary>
public sealed class SecondInterruptTests : IDisposable
{
    private readonly StageBench _bench = new();

    public SecondInterruptTests()
    {
        _bench.WriteProgram("recipe", "#!/bin/sh\ntrap '' TERM INT\n: >\"$0.began\"\nsleep 60 & wait\nsleep 60\n");
        _bench.Write("images/built.yaml", $"source: build\nbuild: {_bench.PathOf("recipe")}\nssh: {{user: ci, login: cloud-init}}\n");
    }

    public void Dispose() => _bench.Dispose();

    [Fact(Timeout = 60_000)]
    public async Task The_second_one_ends_an_administrators_command_at_once()
    {
        using var program = await StartAsync();

        Signal(program, "INT");
        var said = await program.StandardError.ReadLineAsync(TestContext.Current.CancellationToken);
        var undoing = !program.HasExited;
        Signal(program, "INT");
        await program.WaitForExitAsync(TestContext.Current.CancellationToken);

        said.Should().Contain("Ctrl-C again").And.Contain("vm-executor gc");
        undoing.Should().BeTrue("the recipe does not heed SIGTERM");
        program.ExitCode.Should().Be(128 + 2, "it was ended by SIGINT");
    }

    [Fact(Timeout = 60_000)]
    public async Task After_one_the_command_undoes_and_says_so()
    {
        using var program = await StartAsync();

        Signal(program, "INT");
        Signal(program, "TERM");
        await program.WaitForExitAsync(TestContext.Current.CancellationToken);

        program.ExitCode.Should().NotBe(128 + 2);
        (await program.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken)).Should().Contain("Cancelled");
    }

    private async Task<Process> StartAsync()
    {
        // A shell without job control lets what it starts in the background ignore SIGINT, and so would the driver below these tests.
        var start = new ProcessStartInfo("env", ["--default-signal=INT", BuiltDriver.BuiltProgram(), "image", "publish", "built"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = _bench.WorkingDirectory,
        };
        start.Environment.Clear();
        _bench.Environment.ToList().ForEach(variable => start.Environment[variable.Key] = variable.Value);
        var program = Process.Start(start)!;
        while (!File.Exists(_bench.PathOf("recipe.began")))
        {
            program.HasExited.Should().BeFalse();
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }

        return program;
    }

    private static void Signal(Process program, string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", program.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }
}
