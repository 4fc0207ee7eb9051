using System.Text.Json;

namespace VmExecutor.EndToEnd.Tests.Guests;

/// <summary>The times that were seen of a guest, for docs/guests.md: tests/guests/table makes its table from these files.</summary>
internal static class GuestRecord
{
    /// <summary>The directory for results, as tests/run has it; nothing is written without it.</summary>
    private const string Variable = "TEST_RESULTS_DIR";

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <param name="variant">The guest.</param>
    /// <param name="cold">The time of a prepare that boots it.</param>
    /// <param name="next">The time of the second prepare.</param>
    /// <param name="small">The time of a prepare that boots the small guest, in the same run.</param>
    /// <param name="isWarm">True: the second prepare woke it up.</param>
    public static void Write(string variant, TimeSpan cold, TimeSpan next, TimeSpan small, bool isWarm)
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { Length: > 0 } results)
        {
            return;
        }

        var directory = Directory.CreateDirectory(Path.Combine(results, "guests")).FullName;
        var seen = new
        {
            variant,
            cold_to_small = Math.Round(cold / small, 1),
            cold_to_warm = isWarm ? Math.Round(cold / next, 1) : (double?)null,
        };
        File.WriteAllText(Path.Combine(directory, $"{variant}.json"), JsonSerializer.Serialize(seen, Indented) + "\n");
    }
}
