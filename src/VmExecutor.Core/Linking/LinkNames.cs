using System.Globalization;
using VmExecutor.Core.Configuration.Binding;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Linking;

/// <summary>Finds the domain that is meant, and a name for its clone.</summary>
public static class LinkNames
{
    private const int MostNamed = 10;

    /// <summary>The name that was asked for; else SOURCE-clone, and SOURCE-clone-2 and so on where that is taken.</summary>
    /// <exception cref="SystemFailureException"><see cref="ErrorCodes.DomainNameTaken"/>; <see cref="ErrorCodes.UsageWrong"/>: not a name.</exception>
    public static VmName Decide(string source, string? wanted, IReadOnlyCollection<string> taken)
    {
        var names = wanted is not null
            ? [wanted]
            : Enumerable.Range(1, int.MaxValue).Select(number => number == 1 ? $"{source}-clone" : string.Create(CultureInfo.InvariantCulture, $"{source}-clone-{number}"));
        var text = wanted ?? names.First(name => !taken.Contains(name));
        if (taken.Contains(text))
        {
            throw new SystemFailureException(
                ErrorCodes.DomainNameTaken,
                $"there is a domain '{text}' already",
                "Give the clone another name; without one it is called SOURCE-clone, SOURCE-clone-2 and so on.");
        }

        return VmName.TryParse(text, out var name)
            ? name
            : throw new SystemFailureException(
                ErrorCodes.UsageWrong, $"'{PlainText.OneLine(text, 100)}' cannot be a clone's name", $"A name is {VmName.Rule}.");
    }

    /// <summary>The source is not there; names that look like it are.</summary>
    public static SystemFailureException Missing(string source, string uri, IReadOnlyList<string> there)
    {
        return new SystemFailureException(
            ErrorCodes.SourceMissing,
            $"there is no domain '{PlainText.OneLine(source, 100)}' on {uri}; {Known(source, there)}",
            $"See 'virsh -c {uri} list --all'; another libvirt is meant with --connect URI or VIRSH_DEFAULT_CONNECT_URI.");
    }

    /// <summary>The names that were most likely meant, else all there are: the end of a sentence.</summary>
    public static string Known(string source, IReadOnlyList<string> there)
    {
        var similar = Similar(source, there);
        return (similar.Count, there.Count) switch
        {
            ( > 0, _) => $"similar names are: {List(similar)}",
            (_, 0) => "it has none at all",
            _ => $"there are: {List(there)}",
        };
    }

    private static List<string> Similar(string source, IReadOnlyList<string> there) =>
    [
        .. there.Where(name => name.Contains(source, StringComparison.OrdinalIgnoreCase) || source.Contains(name, StringComparison.OrdinalIgnoreCase))
            .Append(Suggestion.For(source, there)).OfType<string>().Distinct(StringComparer.Ordinal),
    ];

    private static string List(IReadOnlyList<string> names) =>
        string.Join(", ", names.Order(StringComparer.Ordinal).Take(MostNamed).Select(name => $"'{PlainText.OneLine(name, 100)}'")) + (names.Count > MostNamed ? ", …" : "");
}
