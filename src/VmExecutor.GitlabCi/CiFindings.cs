using VmExecutor.Core.Configuration;
using VmExecutor.Core.Configuration.Binding;

namespace VmExecutor.GitlabCi;

/// <summary>The errors and warnings of one reading, and the includes that it could not follow.</summary>
internal sealed class CiFindings
{
    private readonly List<ConfigurationWarning> _warnings = [];
    private readonly List<string> _unread = [];

    public ErrorList Errors { get; private init; } = new([]);

    public IReadOnlyList<ConfigurationWarning> Warnings => _warnings;

    /// <summary>Includes whose content is not known here, such as <c>project: shared/ci-templates</c>.</summary>
    public IReadOnlyList<string> Unread => _unread;

    /// <summary>Something was looked for that an include that was not read may hold.</summary>
    public bool MissedUnread { get; private set; }

    public void Wrong(Position at, string key, string message) => Errors.Add(at, key, message);

    public void Warn(Position at, string key, string message)
    {
        var warning = new ConfigurationWarning(at.File, at.Line, at.Column, Quote.Plain(key), message);
        if (!_warnings.Contains(warning))
        {
            _warnings.Add(warning);
        }
    }

    /// <summary>True: it is told for the first time.</summary>
    public bool NotRead(string include)
    {
        if (_unread.Contains(include))
        {
            return false;
        }

        _unread.Add(include);
        return true;
    }

    /// <summary>Reports a name that was not found, with the include that may hold it.</summary>
    public void Missing(Position at, string key, string message, string? meant)
    {
        MissedUnread |= _unread.Count > 0;
        Wrong(at, key, message + (meant is not null ? $"; did you mean '{Quote.Plain(meant)}'?"
            : _unread.Count == 0 ? ""
            : $"; it may be in {Quote.AnyOf([.. _unread.Take(3).Select(Quote.Text)])}, which is not read here"));
    }

    /// <summary>For a part whose errors are judged before they are told.</summary>
    public CiFindings Apart()
    {
        var apart = new CiFindings();
        apart._unread.AddRange(_unread);
        return apart;
    }

    public void Take(CiFindings part)
    {
        foreach (var error in part.Errors.Found)
        {
            Errors.Add(error);
        }
    }
}
