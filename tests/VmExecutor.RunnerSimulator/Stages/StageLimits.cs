namespace VmExecutor.RunnerSimulator.Stages;

/// <summary>The limits that end a stage from outside: its own time, and events that interrupt it.</summary>
internal sealed record StageLimits(TimeSpan Timeout, params IReadOnlyList<(Task Event, Interruption Interruption)> Events)
{
    public StageLimits With(Task? occurrence, Interruption interruption) =>
        occurrence is null ? this : this with { Events = [.. Events, (occurrence, interruption)] };

    /// <summary>The first event, or null if <paramref name="ended"/> came before any.</summary>
    public async Task<Interruption?> FirstAsync(Task ended, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var timeout = Task.Delay(Timeout, stop.Token);
        var first = await Task.WhenAny([ended, .. Events.Select(entry => entry.Event), timeout]);
        await stop.CancelAsync();
        cancellationToken.ThrowIfCancellationRequested();
        if (first == ended)
        {
            return null;
        }

        return first == timeout ? Interruption.StageTimeout : Events.First(entry => entry.Event == first).Interruption;
    }
}
