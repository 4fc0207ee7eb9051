using System.Globalization;
using VmExecutor.Core.Configuration.Binding;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Configuration.Options;

/// <summary>The kinds of single values, each stated once: its name, what an editor checks, and how it is read.</summary>
internal static partial class Kinds
{
    public const string Auto = "auto";

    /// <summary>True or false, in YAML 1.2's own words only: in YAML 1.1 <c>no</c> was false, in 1.2 it is text.</summary>
    public static ScalarKind<bool> Switch { get; } = new("true or false", new EditorCheck.TrueOrFalse(), scalar => scalar switch
    {
        { Text: "true" or "false", Quoted: true } =>
            Reading.Wrong($"'{scalar.Text}' is text because of its quotes; write {scalar.Text} without quotes"),
        { Text: "true" } => Reading.Of(true),
        { Text: "false" } => Reading.Of(false),
        _ => Reading.Wrong($"{Quote.Text(scalar.Text)} is neither true nor false; write true or false"),
    });

    /// <summary>A whole number in plain digits: no sign, exponent, octal or hexadecimal, which YAML readers disagree about.</summary>
    public static ScalarKind<int> WholeNumber(int min, int max) => new(
        string.Create(CultureInfo.InvariantCulture, $"whole number, {min} to {max}"),
        new EditorCheck.WholeNumber(min, max),
        scalar => ReadWholeNumber(scalar, min, max));

    /// <summary>An amount of memory or disk.</summary>
    public static ScalarKind<ByteSize> Size(ByteSize min = default) => new(
        min.Bytes == 0 ? "size" : $"size, at least {min}",
        new EditorCheck.Pattern("^[0-9]+ *([KkMmGgTt][Ii]?)?[Bb]$"),
        scalar => ReadSize(scalar, min));

    /// <summary>A time limit: more than nothing, and at most what timers can hold without surprises.</summary>
    /// <param name="longest">Null: a day.</param>
    public static ScalarKind<TimeSpan> Duration(TimeSpan? longest = null)
    {
        var most = longest ?? TimeSpan.FromDays(1);
        return new(
            $"duration, at most {DurationText.Format(most)}",
            new EditorCheck.Pattern("^(?=.)([0-9]{1,9}d)?([0-9]{1,9}h)?([0-9]{1,9}m)?([0-9]{1,9}s)?([0-9]{1,9}ms)?$"),
            scalar => ReadDuration(scalar.Text, most));
    }

    /// <summary>The names of an enumeration in lower case, their words joined by '-'.</summary>
    public static ScalarKind<T> Choice<T>()
        where T : struct, Enum
    {
        // Names and values come in the same order. A debug build would compile LINQ over T at run time, in each short process.
        var words = Array.ConvertAll(Enum.GetNames<T>(), Word);
        return new(Quote.AnyOf(words), new EditorCheck.Words(words), scalar => Array.IndexOf(words, scalar.Text) is >= 0 and var found
            ? Reading.Of(Enum.GetValues<T>()[found])
            : Reading.Wrong(Suggestion.For(scalar.Text, words) is { } meant
                ? $"{Quote.Text(scalar.Text)} is not allowed; did you mean '{meant}'? Allowed: {Quote.AnyOf(words)}"
                : $"{Quote.Text(scalar.Text)} is not allowed; write {Quote.AnyOf(words)}"));
    }

    /// <summary>A value, or the word <c>auto</c>.</summary>
    public static ScalarKind<OrAuto<T>> OrAuto<T>(ScalarKind<T> item)
        where T : struct => new($"{item.Type}; or {Auto}", new EditorCheck.OrAuto(item.Editor), scalar =>
        {
            if (scalar.Text == Auto)
            {
                return Reading.Of(new OrAuto<T>(null));
            }

            var reading = item.Read(scalar);
            if (reading.Value is T said)
            {
                return Reading.Of(new OrAuto<T>(said));
            }

            return Suggestion.For(scalar.Text, [Auto]) is null ? reading : Reading.Wrong($"{Quote.Text(scalar.Text)} is not understood; did you mean '{Auto}'?");
        });

    /// <summary>A value as it is written in YAML; null: there is none.</summary>
    public static string? Written(object? value) => value switch
    {
        null => null,
        bool switched => switched ? "true" : "false",
        Enum choice => Word(choice.ToString()),
        TimeSpan duration => DurationText.Format(duration),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture),
    };

    private static string Word(string name) =>
        string.Concat(name.Select((c, i) => char.IsAsciiLetterUpper(c) ? $"{(i > 0 ? "-" : "")}{char.ToLowerInvariant(c)}" : $"{c}"));

    private static Reading ReadWholeNumber(ScalarText scalar, int min, int max)
    {
        var text = scalar.Text;
        if (text.Length == 0 || !text.All(char.IsAsciiDigit) || (text.Length > 1 && text[0] == '0'))
        {
            return Reading.Wrong($"{Quote.Text(text)} is not a whole number in plain digits; write digits only, from {min} to {max}");
        }

        if (scalar.Quoted)
        {
            return Reading.Wrong($"{Quote.Text(text)} is text because of its quotes; write it without quotes");
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number >= min && number <= max
                ? Reading.Of(number)
                : Reading.Wrong($"{Quote.Plain(text)} is out of range; write {min} to {max}");
    }

    private static Reading ReadSize(ScalarText scalar, ByteSize min)
    {
        if (ByteSize.TryParse(scalar.Text, out var size))
        {
            return size >= min
                ? Reading.Of(size)
                : Reading.Wrong($"{Quote.Text(scalar.Text)} is too small; write at least {min}");
        }

        var meant = Array.Find(
            [scalar.Text + "MiB", scalar.Text + "iB", scalar.Text + "B"],
            text => ByteSize.TryParse(text, out _) && !text.EndsWith(" B", StringComparison.Ordinal));
        return Reading.Wrong(meant is null
            ? $"{Quote.Text(scalar.Text)} is not a size; write a whole number with a unit, for example 512MiB or 2GiB"
            : $"{Quote.Text(scalar.Text)} has no unit such as MiB or GiB; did you mean '{meant}'?");
    }

    private static Reading ReadDuration(string text, TimeSpan longest)
    {
        if (DurationText.TryParse(text, out var duration))
        {
            return duration > TimeSpan.Zero && duration <= longest
                ? Reading.Of(duration)
                : Reading.Wrong($"{Quote.Text(text)} is out of range; write more than 0s and at most {DurationText.Format(longest)}");
        }

        return Reading.Wrong(text.Length is > 0 and <= 9 && text.All(char.IsAsciiDigit)
            ? $"{Quote.Text(text)} has no unit; write for example {text}s for seconds or {text}m for minutes"
            : $"{Quote.Text(text)} is not a duration; write whole numbers with units, for example 90s, 3m or 1h30m");
    }
}
