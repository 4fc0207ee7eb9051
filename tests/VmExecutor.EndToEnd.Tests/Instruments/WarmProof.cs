using System.Text.Json;

namespace VmExecutor.EndToEnd.Tests.Instruments;

/// <summary>Looks in a ledger whether jobs woke up, so that a warm run cannot pass by starting them cold.</summary>
internal static class WarmProof
{
    /// <summary>The lines of jobs that were started cold, or ready without a template.</summary>
    public static IReadOnlyList<string> Cold(string stateDirectory)
    {
        var ledger = Path.Combine(stateDirectory, "ledger.jsonl");
        return File.Exists(ledger) ? [.. File.ReadLines(ledger).Where(IsCold)] : [];
    }

    private static bool IsCold(string line)
    {
        var entry = JsonDocument.Parse(line).RootElement;
        return entry.TryGetProperty("cold_reason", out _) || (entry.TryGetProperty("ready", out _) && entry.GetProperty("start").GetString() is not ("warm" or "standby"));
    }
}
