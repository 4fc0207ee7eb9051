using System.Globalization;
using VmExecutor.Core.Values;
using YamlDotNet.Core;

namespace VmExecutor.Core.Configuration.Binding;

/// <summary>The place of a key or a value.</summary>
internal readonly record struct Position(AbsolutePath File, int Line, int Column)
{
    public static Position Of(AbsolutePath file, Mark mark) => new(file, checked((int)mark.Line), checked((int)mark.Column));

    public static Position StartOf(AbsolutePath file) => new(file, 1, 1);

    public override string ToString() => $"{File}:{Line}:{Column}";
}

/// <summary>The errors found so far. Of those after the first thousand only the number is kept.</summary>
internal sealed class ErrorList(IEnumerable<ConfigurationError> found)
{
    private const int Most = 1000;

    private readonly List<ConfigurationError> _errors = [.. found];
    private Position? _firstOfMore;
    private int _more;

    /// <summary>The last one tells how many more there are, if not all were kept. It has no key, so it counts as an error of the whole file.</summary>
    public IReadOnlyList<ConfigurationError> Found => _firstOfMore is not { } at ? _errors
        : [.. _errors, new ConfigurationError(at.File, at.Line, at.Column, "", string.Create(CultureInfo.InvariantCulture, $"from here on there are {_more} more errors, which are not listed; correct those above first"))];

    /// <summary>The message says what is wrong; what would be right.</summary>
    public void Add(Position at, string key, string message)
    {
        if (HasRoom(at))
        {
            _errors.Add(new ConfigurationError(at.File, at.Line, at.Column, Quote.Plain(key), message));
        }
    }

    public void Add(ConfigurationError error)
    {
        if (HasRoom(new Position(error.File, error.Line, error.Column)))
        {
            _errors.Add(error);
        }
    }

    /// <exception cref="ConfigurationException">There are errors; they are sorted in reading order.</exception>
    public void ThrowIfAny(IReadOnlyList<AbsolutePath> files)
    {
        if (_errors.Count > 0)
        {
            throw new ConfigurationException(
            [
                .. Found
                    .Select(error => (Error: error, File: files.TakeWhile(file => file != error.File).Count()))
                    .OrderBy(sorted => sorted.File)
                    .ThenBy(sorted => sorted.Error.Line)
                    .ThenBy(sorted => sorted.Error.Column)
                    .Select(sorted => sorted.Error),
            ]);
        }
    }

    private bool HasRoom(Position at)
    {
        if (_errors.Count < Most)
        {
            return true;
        }

        _firstOfMore ??= at;
        _more++;
        return false;
    }
}
