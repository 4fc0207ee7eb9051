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

/// <summary>The errors found so far.</summary>
internal sealed class ErrorList(IEnumerable<ConfigurationError> found)
{
    private readonly List<ConfigurationError> _errors = [.. found];

    public IReadOnlyList<ConfigurationError> Found => _errors;

    /// <summary>The message says what is wrong; what would be right.</summary>
    public void Add(Position at, string key, string message) =>
        _errors.Add(new ConfigurationError(at.File, at.Line, at.Column, Quote.Plain(key), message));

    public void Add(ConfigurationError error) => _errors.Add(error);

    /// <exception cref="ConfigurationException">There are errors; they are sorted in reading order.</exception>
    public void ThrowIfAny(IReadOnlyList<AbsolutePath> files)
    {
        if (_errors.Count > 0)
        {
            throw new ConfigurationException(
            [
                .. _errors
                    .Select(error => (Error: error, File: files.TakeWhile(file => file != error.File).Count()))
                    .OrderBy(sorted => sorted.File)
                    .ThenBy(sorted => sorted.Error.Line)
                    .ThenBy(sorted => sorted.Error.Column)
                    .Select(sorted => sorted.Error),
            ]);
        }
    }
}
