namespace VmExecutor.Core.Configuration.Binding.Kinds;

/// <summary>One word out of a few.</summary>
internal abstract record ChoiceKind(IReadOnlyList<string> Words) : ScalarKind(Quote.AnyOf(Words))
{
    protected string Problem(string text) =>
        Suggestion.For(text, Words) is { } meant
            ? $"{Quote.Text(text)} is not allowed; did you mean '{meant}'? Allowed: {Quote.AnyOf(Words)}"
            : $"{Quote.Text(text)} is not allowed; write {Quote.AnyOf(Words)}";
}

/// <summary>The names of an enumeration in lower case, their words joined by '-'.</summary>
internal sealed record ChoiceKind<T>() : ChoiceKind(Array.ConvertAll(Enum.GetNames<T>(), InYaml))
    where T : struct, Enum
{
    // Names and values come in the same order. LINQ over T would be compiled at run time, in each of our short processes.
    public override Reading Read(ScalarText scalar)
    {
        for (var i = 0; i < Words.Count; i++)
        {
            if (Words[i] == scalar.Text)
            {
                return Reading.Of(Enum.GetValues<T>()[i]);
            }
        }

        return Reading.Wrong(Problem(scalar.Text));
    }

    public static string Word(T value) => InYaml(value.ToString());

    private static string InYaml(string name) =>
        string.Concat(name.Select((c, i) => char.IsAsciiLetterUpper(c) ? $"{(i > 0 ? "-" : "")}{char.ToLowerInvariant(c)}" : $"{c}"));
}
