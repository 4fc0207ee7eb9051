using VmExecutor.Core.Values;

namespace VmExecutor.Core.Configuration.Binding.Kinds;

/// <summary>An amount of memory or disk.</summary>
internal sealed record SizeKind(ByteSize Min = default) : ScalarKind(Min.Bytes == 0 ? "size" : $"size, at least {Min}")
{
    public override Reading Read(ScalarText scalar)
    {
        if (ByteSize.TryParse(scalar.Text, out var size))
        {
            return size >= Min
                ? Reading.Of(size)
                : Reading.Wrong($"{Quote.Text(scalar.Text)} is too small; write at least {Min}");
        }

        var meant = Array.Find(
            [scalar.Text + "MiB", scalar.Text + "iB", scalar.Text + "B"],
            text => ByteSize.TryParse(text, out _) && !text.EndsWith(" B", StringComparison.Ordinal));
        return Reading.Wrong(meant is null
            ? $"{Quote.Text(scalar.Text)} is not a size; write a whole number with a unit, for example 512MiB or 2GiB"
            : $"{Quote.Text(scalar.Text)} has no unit such as MiB or GiB; did you mean '{meant}'?");
    }
}
