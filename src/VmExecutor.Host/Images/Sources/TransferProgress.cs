using VmExecutor.Core.Images.Sources;

namespace VmExecutor.Host.Images.Sources;

/// <summary>Reports the progress of a transfer: every 5 seconds, or each 10 % where that comes sooner.</summary>
/// <param name="what">The action and the file, in words.</param>
/// <param name="before">Bytes that were there already.</param>
/// <param name="total">All bytes; null: not known.</param>
/// <param name="clock">The clock.</param>
/// <param name="tell">Takes the lines.</param>
internal sealed class TransferProgress(string what, long before, long? total, TimeProvider clock, Action<string> tell)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);
    private const int Step = 10; // percent
    private readonly long _started = clock.GetTimestamp();
    private long _lastTold = clock.GetTimestamp();
    private int _lastTens = Tens(before, total);

    /// <param name="done">All bytes so far.</param>
    public void Report(long done)
    {
        var tens = Tens(done, total);
        if (tens <= _lastTens && clock.GetElapsedTime(_lastTold) < Interval)
        {
            return;
        }

        (_lastTens, _lastTold) = (tens, clock.GetTimestamp());
        var seconds = clock.GetElapsedTime(_started).TotalSeconds;
        tell(TransferText.Progress(what, done, total, seconds > 0.1 ? (done - before) / seconds : null));
    }

    private static int Tens(long done, long? total) => total is > 0 and { } all ? TransferText.Percent(done, all) / Step : 0;
}
