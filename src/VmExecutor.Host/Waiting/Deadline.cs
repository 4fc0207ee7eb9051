namespace VmExecutor.Host.Waiting;

/// <summary>The time limit of work that a cancel does not stop but hurries: undoing and removing.</summary>
public sealed class Deadline : IDisposable
{
    private readonly CancellationTokenSource _source;
    private readonly CancellationTokenRegistration _registration;

    /// <param name="limit">How long the work may take.</param>
    /// <param name="hurried">How long it may go on once it is hurried, if that is less.</param>
    /// <param name="time">The clock.</param>
    /// <param name="hurry">The cancel that hurries it, which may have come already.</param>
    public Deadline(TimeSpan limit, TimeSpan hurried, TimeProvider time, CancellationToken hurry)
    {
        _source = new CancellationTokenSource(limit, time);
        _registration = hurry.Register(() => _source.CancelAfter(hurried));
    }

    public CancellationToken Token => _source.Token;

    public void Dispose()
    {
        _registration.Dispose();
        _source.Dispose();
    }
}
