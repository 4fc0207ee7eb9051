using System.Globalization;
using VmExecutor.Observing;

namespace VmExecutor.Publishing;

/// <summary>
/// Reports the progress of work that takes its time: every second, and when it is done. Work that is over in a moment is not reported.
/// </summary>
internal sealed class PublishLog(JobLog log, TimeProvider time)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private string _what = "";
    private bool _told;
    private long _last;

    public JobLog Job => log;

    public void Say(string line) => log.Say(line);

    /// <param name="what">The action, in words.</param>
    /// <param name="done">How much of it, from 0 to 1.</param>
    public void Progress(string what, double done)
    {
        if (what != _what)
        {
            (_what, _told, _last) = (what, false, time.GetTimestamp());
        }

        var isOver = done >= 1;
        if (isOver ? _told : time.GetElapsedTime(_last) >= Pause)
        {
            (_told, _last) = (!isOver, time.GetTimestamp());
            log.Say(string.Create(CultureInfo.InvariantCulture, $"{what}: {(int)(done * 100)} %"));
        }
    }
}
