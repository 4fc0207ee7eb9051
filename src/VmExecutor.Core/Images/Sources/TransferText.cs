using System.Globalization;
using System.Text.RegularExpressions;

namespace VmExecutor.Core.Images.Sources;

/// <summary>Describes the progress of a long transfer.</summary>
public static partial class TransferText
{
    private const double Mebibyte = 1 << 20;

    /// <summary><c>downloading debian-12.qcow2: 45 % (123MiB of 270MiB, 12MiB/s)</c>.</summary>
    /// <param name="what">The action and the file, in words.</param>
    /// <param name="done">Bytes so far, those of earlier attempts included.</param>
    /// <param name="total">Null: not known.</param>
    /// <param name="bytesPerSecond">Null: too early to tell.</param>
    public static string Progress(string what, long done, long? total, double? bytesPerSecond)
    {
        var amount = Amount(what, done, total, bytesPerSecond);
        return amount.Percent is { } percent
            ? string.Create(CultureInfo.InvariantCulture, $"{what}: {percent} % ({amount.Detail})")
            : $"{what}: {amount.Detail}";
    }

    /// <summary>The same, for who shows it otherwise than in a line.</summary>
    /// <inheritdoc cref="Progress(string, long, long?, double?)"/>
    public static TransferAmount Amount(string what, long done, long? total, double? bytesPerSecond)
    {
        var speed = bytesPerSecond is { } rate ? $", {Size(rate)}/s" : "";
        return total is > 0 and { } all
            ? new TransferAmount(what, Percent(done, all), $"{Size(done)} of {Size(all)}{speed}")
            : new TransferAmount(what, null, $"{Size(done)}{speed}");
    }

    /// <summary><c>removing leftovers: 42 % (21 of 50)</c>.</summary>
    public static string Progress(string what, int done, int all) => string.Create(CultureInfo.InvariantCulture, $"{what}: {Amount(what, done, all).Percent} % ({done} of {all})");

    /// <inheritdoc cref="Amount(string, long, long?, double?)"/>
    public static TransferAmount Amount(string what, int done, int all) =>
        new(what, all > 0 ? Percent(done, all) : 0, string.Create(CultureInfo.InvariantCulture, $"{done} of {all}"));

    /// <summary>The amount that a line of progress tells, or of <c>copying disk vda: 42 %</c>; null: it is another line.</summary>
    public static TransferAmount? TryReadProgress(string line)
    {
        if (Share().Match(line) is { Success: true } share)
        {
            return new TransferAmount(
                share.Groups["what"].Value, int.Parse(share.Groups["percent"].Value, CultureInfo.InvariantCulture), share.Groups["detail"] is { Success: true, Value: var detail } ? detail : null);
        }

        return Sizes().Match(line) is { Success: true } sizes ? new TransferAmount(sizes.Groups["what"].Value, null, sizes.Groups["detail"].Value) : null;
    }

    [GeneratedRegex(@"^(?<what>.+): (?<percent>[0-9]{1,2}|100) %( \((?<detail>[^()]*)\))?$")]
    private static partial Regex Share();

    [GeneratedRegex(@"^(?<what>.+): (?<detail>[0-9]+(KiB|MiB)(, [0-9]+(KiB|MiB)/s)?)$")]
    private static partial Regex Sizes();

    /// <summary>Rounded down: 100 is the whole.</summary>
    public static int Percent(long done, long total) => (int)Math.Clamp((double)done / total * 100, 0, 100);

    private static string Size(double bytes) => bytes < Mebibyte
        ? string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(bytes / 1024):0}KiB")
        : string.Create(CultureInfo.InvariantCulture, $"{Math.Floor(bytes / Mebibyte):0}MiB");
}

/// <summary>Long work, and how much of it is done.</summary>
/// <param name="What">The action, in words.</param>
/// <param name="Percent">How much of it is done; null: the whole is not known.</param>
/// <param name="Detail">Sizes and speed, or the last words of a program that does it; null: there are none.</param>
public sealed record TransferAmount(string What, int? Percent, string? Detail);
