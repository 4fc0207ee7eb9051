using FluentAssertions;
using Xunit;

namespace VmExecutor.Program.Tests.Docs;

/// <summary>Command lines of the pages that only look at something are run, as they are written.</summary>
public sealed class DocsRunTests
{
    public static TheoryData<string> Lines() => [.. CommandLines.All().Select(line => line.Arguments).Where(LooksOnly).Select(arguments => string.Join('\t', arguments)).Distinct()];

    [Theory(Timeout = 60_000)]
    [MemberData(nameof(Lines))]
    public async Task A_command_line_that_only_looks_is_no_mistake_and_no_bug(string line)
    {
        using var bench = new StageBench();
        var arguments = Here(bench, line.Split('\t'));

        var exit = await bench.RunAsync(arguments);

        exit.ExitCode.Should().BeInRange(0, 2, "a command of an administrator knows no other: {0}", exit);
        (exit.Output + exit.Error).Should().NotContainAny(["VMX1901", "VMX1999", "Unhandled exception"], "{0}", exit);
    }

    private static bool LooksOnly(IReadOnlyList<string> arguments) => arguments switch
    {
        _ when arguments.Contains("--help") || arguments.Contains("--version") => true,
        ["check" or "list" or "completion" or "logs" or "metrics", ..] => !arguments.Contains("--output"),
        ["image", "list" or "show", ..] => true,
        ["doctor", ..] => !arguments.Contains("--deep"),
        ["gc" or "clone" or "install" or "try", ..] => arguments.Contains("--dry-run"),
        _ => false,
    };

    /// <summary>With this bench's configuration, and with the images that the page has in mind.</summary>
    private static List<string> Here(StageBench bench, string[] arguments)
    {
        var here = arguments.ToList();
        var config = here.IndexOf("--config");
        if (config >= 0)
        {
            here.RemoveRange(config, 2);
        }

        if (here is ["image", "show", var name, ..])
        {
            name = here[2] = name.ToLowerInvariant();
            bench.Write($"images/{name}.yaml", File.ReadAllText(bench.PathOf("images/small.yaml")));
        }

        // The runner's exit codes for failures are its own; a person has none.
        bench.Environment.Remove("SYSTEM_FAILURE_EXIT_CODE");
        bench.Environment.Remove("BUILD_FAILURE_EXIT_CODE");
        return here;
    }
}
