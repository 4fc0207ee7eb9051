namespace VmExecutor.Core.Configuration.Binding.Kinds;

/// <summary>One word out of a few.</summary>
internal abstract record ChoiceKind(IReadOnlyList<string> Words) : ScalarKind(Quote.AnyOf(Words))
{
    protected string Problem(string text) =>
        Suggestion.For(text, Words) is { } meant
            ? $"{Quote.Text(text)} is not allowed; did you mean '{meant}'? Allowed: {Quote.AnyOf(Words)}"
            : $"{Quote.Text(text)} is not allowed; write {Quote.AnyOf(Words)}";
}

/// <summary>The names of an enumeration in lower case.</summary>
internal sealed record ChoiceKind<T>() : ChoiceKind([.. Enum.GetValues<T>().Select(Word)])
    where T : struct, Enum
{
    public override Reading Read(ScalarText scalar)
    {
        foreach (var value in Enum.GetValues<T>())
        {
            if (Word(value) == scalar.Text)
            {
                return Reading.Of(value);
            }
        }

        return Reading.Wrong(Problem(scalar.Text));
    }

    public static string Word(T value) => value.ToString().ToLowerInvariant();
}
