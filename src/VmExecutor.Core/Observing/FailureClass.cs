using System.Globalization;

namespace VmExecutor.Core.Observing;

/// <summary>
/// The class of a job's failure, in one word; it says who must look. The hundreds of an error code decide it
/// (<see cref="Failures.ErrorCodes"/>).
/// </summary>
public static class FailureClass
{
    private const string Unknown = "unknown";

    public static string Of(LedgerEntry entry) => entry.Result switch
    {
        "success" => "none",
        "canceled" => "canceled",
        "timedout" => "timeout",
        "leftover" => "abandoned",
        _ when OfReason(entry.Reason) is { } known => known,
        _ when entry.Scripts.Select(script => OfReason(script.Failure)).LastOrDefault(known => known is not null) is { } known => known,
        _ when entry.Scripts.Any(script => script.ExitCode is not (null or 0)) => "script",
        _ => Unknown,
    };

    private static string? OfReason(string? reason) => reason switch
    {
        "cancelled" => "canceled",
        "bug" => "driver",
        ['V', 'M', 'X', .. var digits] when int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var code) => (code / 100) switch
        {
            10 => code < 1010 ? "runner" : "job",
            11 => "configuration",
            12 => "image",
            13 => "hypervisor",
            14 => "guest",
            15 => "host",
            19 => "driver",
            _ => Unknown,
        },
        _ => null,
    };
}
