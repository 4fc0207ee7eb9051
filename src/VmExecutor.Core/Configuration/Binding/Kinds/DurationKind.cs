using VmExecutor.Core.Values;

namespace VmExecutor.Core.Configuration.Binding.Kinds;

/// <summary>A time limit: more than nothing, and at most what timers can hold without surprises.</summary>
internal sealed record DurationKind(TimeSpan Longest) : ScalarKind($"duration, at most {DurationText.Format(Longest)}")
{
    public static readonly TimeSpan Max = TimeSpan.FromDays(1);

    public DurationKind()
        : this(Max)
    {
    }

    public override Reading Read(ScalarText scalar)
    {
        var text = scalar.Text;
        if (DurationText.TryParse(text, out var duration))
        {
            return duration > TimeSpan.Zero && duration <= Longest
                ? Reading.Of(duration)
                : Reading.Wrong($"{Quote.Text(text)} is out of range; write more than 0s and at most {DurationText.Format(Longest)}");
        }

        return Reading.Wrong(text.Length is > 0 and <= 9 && text.All(char.IsAsciiDigit)
            ? $"{Quote.Text(text)} has no unit; write for example {text}s for seconds or {text}m for minutes"
            : $"{Quote.Text(text)} is not a duration; write whole numbers with units, for example 90s, 3m or 1h30m");
    }
}
