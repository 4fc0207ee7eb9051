using System.Globalization;
using VmExecutor.Core.Benchmarks;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Images;
using VmExecutor.Host;
using VmExecutor.Host.Processes;
using VmExecutor.Host.Templates;
using VmExecutor.Starting;

namespace VmExecutor.Benchmarks;

/// <summary>
/// Cold and warm starts in turn, so that what else the host does meets all of them alike. The order is turned round from pair to pair: who comes
/// second finds warmer caches.
/// </summary>
internal sealed class Bench(Machine machine, TextWriter error, CancellationToken cancelled)
{
    private readonly Dictionary<string, List<Measurement>> _measured = [];
    private readonly List<FloorMeasurement> _floors = [];
    private readonly List<string> _remarks = [];
    private bool _hasFloor = true;

    /// <param name="request">The starts to measure.</param>
    /// <param name="generation">The generation that the image's clones stand on now; null: its source.</param>
    /// <exception cref="SystemFailureException">A stage failed.</exception>
    public async Task<BenchReport> RunAsync(BenchRequest request, Generation? generation)
    {
        var starts = Starts(request, generation);
        for (var pair = 1; pair <= request.Pairs; pair++)
        {
            error.WriteLine($"pair {pair} of {request.Pairs}");
            foreach (var start in pair % 2 == 1 ? starts : Enumerable.Reverse(starts))
            {
                await StartAsync(request, start);
                cancelled.ThrowIfCancellationRequested();
            }

            await MeasureFloorAsync(request, starts);
        }

        return BenchReport.Of(
            request, generation, [.. _measured.Select(kind => Summary.Of(kind.Key, kind.Value))], Floor.Of(_floors), _remarks, machine.Time.GetUtcNow());
    }

    private List<BenchStart> Starts(BenchRequest request, Generation? generation)
    {
        List<BenchStart> starts = [new("cold")];
        if (WarmDecision.ForImage(request.Image, generation) is { } reason)
        {
            Remark($"only cold starts are measured: {reason.Text}");
        }
        else
        {
            starts.Add(new BenchStart("warm"));
            var templates = TemplateCatalogue.Of(generation!).Select(template => template.Record.Shape.MemoryBytes).ToList();
            foreach (var memory in request.Memories)
            {
                if (templates.Contains(memory.Bytes))
                {
                    starts.Add(new BenchStart("warm", memory));
                }
                else
                {
                    Remark($"no warm start with {memory} is measured: there is no such template; add the size to 'warm: sizes' and run 'vm-executor image warm {request.Image.Name}'");
                }
            }
        }

        return starts;
    }

    /// <summary>All of them are measured while all of them live.</summary>
    private async Task StartAsync(BenchRequest request, BenchStart start)
    {
        List<BenchClone> clones = [.. Enumerable.Range(0, request.Concurrency).Select(_ => Clone(request, start))];
        try
        {
            try
            {
                await Task.WhenAll(clones.Select(clone => clone.PrepareAsync()));
                clones.ForEach(clone => clone.Look());
                await Task.WhenAll(clones.Select(clone => clone.RunScriptsAsync()));
            }
            finally
            {
                await Task.WhenAll(clones.Select(clone => clone.CleanupAsync()));
            }

            Note(start.Name, [.. clones.Select(clone => clone.Measurement!)]);
        }
        finally
        {
            clones.ForEach(clone => clone.Dispose());
        }
    }

    /// <summary>Of a clone of its own, and the quickest kind of start: how it came to be does not matter. Several at once would have another floor than one.</summary>
    private async Task MeasureFloorAsync(BenchRequest request, List<BenchStart> starts)
    {
        if (request.Concurrency > 1 || !_hasFloor)
        {
            return;
        }

        using var clone = Clone(request, starts[^1] with { Memory = null });
        try
        {
            await clone.PrepareAsync();
            _floors.Add(await clone.MeasureFloorAsync(new BenchFloor(machine), cancelled));
        }
        catch (ToolMissingException e)
        {
            _hasFloor = false;
            Remark($"no floor is measured: {e.Message}");
        }
        finally
        {
            await clone.CleanupAsync();
        }
    }

    private BenchClone Clone(BenchRequest request, BenchStart start) => new(machine.Settings, request.Image, start, error, machine.Time);

    private void Note(string start, IReadOnlyList<Measurement> measurements)
    {
        if (!_measured.TryGetValue(start, out var all))
        {
            _measured.Add(start, all = []);
        }

        all.AddRange(measurements);
        error.WriteLine($"  {start}: {string.Join(", ", measurements.Select(one => string.Create(CultureInfo.InvariantCulture, $"{one.PrepareSeconds:0.00} s")))}");
    }

    private void Remark(string text)
    {
        _remarks.Add(text);
        error.WriteLine($"note: {text}");
    }
}
