using System.Diagnostics;
using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.ProjectDisks;
using Xunit;

namespace VmExecutor.Program.Tests;

/// <summary>A state directory in which others have put what the driver never makes: every command says something of it or nothing, and none has a bug.</summary>
public sealed class OddStateTests : IDisposable
{
    private static readonly JobKey Job = new("https://gitlab.test", "abc", 1);
    private static readonly ProjectDiskKey Disk = ProjectDiskKey.Of(new ProjectDiskOwner("https://gitlab.test", 1, "group/project", "small", ProjectDiskScope.ProjectAndRef, "branch/main"));

    private static readonly string[][] Commands =
    [
        ["list"], ["list", "--json"], ["gc"], ["usage"], ["metrics"], ["report", "-o", "report.html"], ["image", "list"], ["image", "show", "small"], ["disk", "list"],
        ["replay"], ["standby"], ["drain"], ["undrain"], ["logs", Job.Value], ["check"], ["config"], ["cleanup"],
    ];

    /// <summary>So many of them for each kind of oddity, in turn: all would be ten thousand processes.</summary>
    private const int AtATime = 4;

    private readonly StageBench _bench = new();
    private int _next;

    public void Dispose()
    {
        // .NET cannot remove names that are no text.
        Bash("rm -rf ./*");
        _bench.Dispose();
    }

    public static TheoryDataRow<string>[] Places() =>
    [
        .. new[]
        {
            "state", "state/jobs", $"state/jobs/{Job}", $"state/jobs/{Job}/job.json", $"state/jobs/{Job}/scripts.jsonl", "state/taken", "state/images", "state/images/small", "state/images/small/1",
            "state/images/small/1/image.json", "state/images/small/1/templates", "state/images/small/current", "state/disks", $"state/disks/{Disk}", $"state/disks/{Disk}/disk.json", "state/kept-scripts",
            $"state/kept-scripts/{Job}", $"state/kept-scripts/{Job}/kept.json", "state/locks", "state/locks/jobs", "state/locks/ledger", "state/log", "state/log/vm-executor.jsonl", "state/ledger.jsonl",
            "state/metrics.json", "state/learned.json", "state/accelerator.json", "state/standby.json", "state/drained.json",
        }.Select(place => new TheoryDataRow<string>(place)),
    ];

    [Fact(Timeout = 600_000)]
    public async Task No_command_has_a_bug_where_every_directory_has_names_that_are_no_text()
    {
        foreach (var directory in new[] { "state", "state/jobs", $"state/jobs/{Job}", "state/taken", "state/images", "state/images/small", "state/images/small/1", "state/images/small/1/templates", "state/disks", $"state/disks/{Disk}", "state/kept-scripts", $"state/kept-scripts/{Job}", "state/locks", "state/log", "images" })
        {
            Bash($$"""
                mkdir -p {{directory}}; cd {{directory}}
                touch $'a\nb' $'\xff' $'half\xe2\x82' $'x\r.yaml' $'{{Guid.Empty:N}}\xff.tmp'; mkdir $'d\nd' $'\xfe' $'{{Job}}\n'; touch $'\xfe/\xff'
                ln -s nowhere dangling; ln -s around around; ln -s . circle; ln -s .. up; mkfifo pipe
                """);
        }

        foreach (var command in Commands)
        {
            await EnsureTameAsync(command);
        }
    }

    /// <summary>Each file and directory of the state in turn is something else.</summary>
    [Theory(Explicit = true, Timeout = 3_600_000)]
    [MemberData(nameof(Places))]
    public async Task No_command_has_a_bug_where_a_file_or_directory_is_something_else(string place)
    {
        foreach (var make in new[]
        {
            "touch X", "mkdir X", "mkdir X; touch $'X/\\xff'", "mkfifo X", "ln -s nowhere X", "ln -s itself itself; ln -s itself X", "ln -s . X", "ln -s /dev/zero X", "ln -s /dev/full X", "ln -s /proc/self/mem X",
            "head -c 1048576 /dev/zero > X", "printf '99999999999999999999' > X", "printf '{\"a\":\\xe2\\x82' > X", "printf '\\xff\\xfe\\x00\\xd8' > X", "head -c 100000 /dev/zero | tr '\\0' '[' > X",
            "echo null > X", "echo '{}' > X", "echo '[]' > X", "echo '\"text\"' > X",
        })
        {
            Bash($"rm -rf state; mkdir -p {Path.GetDirectoryName(place)!.TrimEnd('/') switch { "" => ".", var parent => parent }}");
            Bash(make.Replace("X", place, StringComparison.Ordinal));
            for (var count = 0; count < AtATime; count++)
            {
                await EnsureTameAsync(Commands[_next++ % Commands.Length], $"{place}: {make}");
            }
        }
    }

    private async Task EnsureTameAsync(string[] command, string where = "")
    {
        var exit = await _bench.RunAsync(command);

        var because = $"{string.Join(' ', command)} {where}: {exit}";
        exit.ExitCode.Should().BeOneOf([0, 1, 2, StageBench.BuildFailure, StageBench.SystemFailure], because);
        (exit.Output + exit.Error).Should().NotContainAny(["has a bug", "   at ", "Unhandled exception", "VMX1901"], because);
    }

    private void Bash(string script)
    {
        using var bash = Process.Start(new ProcessStartInfo("bash", ["-euc", script]) { WorkingDirectory = _bench.PathOf("") })!;
        bash.WaitForExit();
        bash.ExitCode.Should().Be(0, script);
    }
}
