using System.Globalization;
using VmExecutor.Core.Images.Sources;
using VmExecutor.Observing;

namespace VmExecutor.Publishing;

/// <summary>
/// Reports the progress of work that takes its time: every second, and when it is done. Work that is over in a moment is not reported. A terminal shows more of it than lines have.
/// </summary>
/// <param name="log">Takes the lines.</param>
/// <param name="time">The clock.</param>
/// <param name="show">Shows the action that is under way, where a person sees it.</param>
internal sealed class PublishLog(JobLog log, TimeProvider time, Action<TransferAmount> show)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private string _what = "";
    private bool _told;
    private long _began;
    private long _last;

    public JobLog Job => log;

    /// <summary>A line, which is the action under way until the next one: lines of <see cref="Job"/> are about its parts.</summary>
    public void Say(string line)
    {
        log.Say(line);
        Show(TransferText.TryReadProgress(line) ?? new TransferAmount(line, null, null));
    }

    /// <summary>Shows the action that is under way, without a line.</summary>
    public void Show(TransferAmount action) => show(action);

    /// <param name="what">The action, in words.</param>
    /// <param name="done">How much of it, from 0 to 1.</param>
    /// <param name="bytes">The length of the whole.</param>
    public void Progress(string what, double done, long bytes)
    {
        if (what != _what)
        {
            (_what, _told, _began, _last) = (what, false, time.GetTimestamp(), time.GetTimestamp());
        }

        var isOver = done >= 1;
        if (isOver ? _told : time.GetElapsedTime(_last) >= Pause)
        {
            (_told, _last) = (!isOver, time.GetTimestamp());
            log.Say(string.Create(CultureInfo.InvariantCulture, $"{what}: {(int)(done * 100)} %"));
        }

        var (sofar, took) = ((long)(done * bytes), time.GetElapsedTime(_began));
        Show(bytes > 0 ? TransferText.Amount(what, sofar, bytes, took >= Pause ? sofar / took.TotalSeconds : null) : new TransferAmount(what, (int)(done * 100), null));
    }
}
