using System.Globalization;

namespace VmExecutor.Core.Values;

/// <summary>A number of things in words: <c>1 job</c>, <c>3 jobs</c>. Nouns are given in the singular, and their plural ends in "s".</summary>
public static class Quantity
{
    public static string Of(long number, string noun) => string.Create(CultureInfo.InvariantCulture, $"{number} {Noun(number, noun)}");

    /// <summary>The names behind the noun: <c>image a</c>, <c>images a, b</c>.</summary>
    public static string Named<T>(string noun, IReadOnlyCollection<T> names) =>
        string.Create(CultureInfo.InvariantCulture, $"{Noun(names.Count, noun)} {string.Join(", ", names)}");

    /// <summary>The noun alone, for sentences that write the number in their own way.</summary>
    public static string Noun(long number, string noun) => number == 1 ? noun : $"{noun}s";
}
