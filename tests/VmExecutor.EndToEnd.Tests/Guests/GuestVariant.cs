using System.Diagnostics;
using VmExecutor.RunnerSimulator.Drivers;

namespace VmExecutor.EndToEnd.Tests.Guests;

/// <summary>One guest of the matrix, a file in tests/guests/variants.</summary>
internal sealed record GuestVariant(string Name, bool IsInEveryRun, string Group, string About)
{
    /// <summary>The script that builds the guests.</summary>
    public static string Builder { get; } = Path.Combine(BuiltDriver.Checkout(), "tests/guests/build");

    /// <summary>All of them, as the script lists them.</summary>
    public static IReadOnlyList<GuestVariant> All()
    {
        using var list = Process.Start(new ProcessStartInfo(Builder, ["--list"]) { RedirectStandardOutput = true })!;
        var lines = list.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        list.WaitForExit();
        return list.ExitCode == 0
            ? [.. lines.Select(line => line.Split('\t')).Select(fields => new GuestVariant(fields[0], fields[1] == "yes", fields[2], fields[3]))]
            : throw new InvalidOperationException($"{Builder} --list: exit code {list.ExitCode}");
    }
}
