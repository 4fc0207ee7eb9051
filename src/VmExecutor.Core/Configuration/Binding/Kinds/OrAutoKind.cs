namespace VmExecutor.Core.Configuration.Binding.Kinds;

/// <summary>A value, or the word <c>auto</c>.</summary>
internal abstract record OrAutoKind(ScalarKind Item) : ScalarKind($"{Item.Type}; or {Auto}")
{
    public const string Auto = "auto";
}

/// <inheritdoc cref="OrAutoKind"/>
internal sealed record OrAutoKind<T>(ScalarKind Item) : OrAutoKind(Item)
    where T : struct
{
    public override Reading Read(ScalarText scalar)
    {
        if (scalar.Text == Auto)
        {
            return Reading.Of(new OrAuto<T>(null));
        }

        var reading = Item.Read(scalar);
        if (reading.Value is T said)
        {
            return Reading.Of(new OrAuto<T>(said));
        }

        return Suggestion.For(scalar.Text, [Auto]) is null ? reading : Reading.Wrong($"{Quote.Text(scalar.Text)} is not understood; did you mean '{Auto}'?");
    }
}
