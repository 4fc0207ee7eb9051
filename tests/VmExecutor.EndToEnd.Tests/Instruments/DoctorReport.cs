using System.Text.Json;
using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;

namespace VmExecutor.EndToEnd.Tests.Instruments;

/// <summary>The findings of <c>doctor --json</c> on a bench.</summary>
/// <param name="ExitCode">By the worst finding.</param>
/// <param name="Findings">In the order of its checks.</param>
/// <param name="Text">All it said, for messages.</param>
internal sealed record DoctorReport(int ExitCode, IReadOnlyList<DoctorFinding> Findings, string Text)
{
    public static async Task<DoctorReport> OfAsync(Bench bench, params string[] arguments)
    {
        var (exitCode, output, error) = await bench.CommandAsync(["doctor", "--json", .. arguments]);
        output.Should().NotBeEmpty(error);
        using var json = JsonDocument.Parse(output);
        return new DoctorReport(exitCode, [.. json.RootElement.GetProperty("findings").EnumerateArray().Select(one => new DoctorFinding(Text(one, "check")!, Text(one, "status")!, Text(one, "found")!, Text(one, "fix")))], output + error);

        static string? Text(JsonElement one, string name) => one.GetProperty(name).GetString();
    }
}

/// <summary>One line of it.</summary>
internal sealed record DoctorFinding(string Check, string Status, string Found, string? Fix);
