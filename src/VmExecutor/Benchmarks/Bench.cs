using System.Globalization;
using VmExecutor.Core.Benchmarks;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Images;
using VmExecutor.Core.Standby;
using VmExecutor.Core.Values;
using VmExecutor.Host;
using VmExecutor.Host.Processes;
using VmExecutor.Host.Templates;
using VmExecutor.Observing;
using VmExecutor.StandingBy;
using VmExecutor.Starting;
using VmExecutor.Trials;

namespace VmExecutor.Benchmarks;

/// <summary>
/// Cold, warm and standby starts in turn, so that what else the host does meets all of them alike. The order is turned round from pair to pair: who comes
/// second finds warmer caches.
/// </summary>
internal sealed class Bench(Machine machine, TextWriter error, Action<int, int> progress, CancellationToken cancelled)
{
    private const string Standby = "standby";

    /// <summary>Longer than making some clones takes.</summary>
    private static readonly TimeSpan FillTakes = TimeSpan.FromMinutes(30);

    private readonly Dictionary<string, List<Measurement>> _measured = [];
    private readonly List<FloorMeasurement> _floors = [];
    private readonly List<string> _remarks = [];
    private bool _hasFloor = true;
    private BenchDisk? _disk;

    /// <param name="request">The starts to measure.</param>
    /// <param name="generation">The generation that the image's clones stand on now; null: its source.</param>
    /// <exception cref="SystemFailureException">A stage failed.</exception>
    public async Task<BenchReport> RunAsync(BenchRequest request, Generation? generation)
    {
        var starts = Starts(request, generation);
        _disk = BenchDisk.For(request);
        if (_disk is { Remark: { } remark })
        {
            Remark(remark);
        }

        try
        {
            if (_disk is { Remark: null })
            {
                await FillDiskAsync(request, starts);
            }

            await MeasureAsync(request, starts);
        }
        finally
        {
            if (_disk is { Key: { } key })
            {
                await machine.DiskKeeper.RemoveAsync(key, CancellationToken.None);
            }
        }

        return BenchReport.Of(
            request, generation, [.. _measured.Select(kind => Summary.Of(kind.Key, kind.Value))], Floor.Of(_floors), _remarks, machine.Time.GetUtcNow());
    }

    private async Task MeasureAsync(BenchRequest request, List<BenchStart> starts)
    {
        var done = 0;
        for (var pair = 1; pair <= request.Pairs; pair++)
        {
            error.WriteLine($"pair {pair} of {request.Pairs}");
            foreach (var start in pair % 2 == 1 ? starts : Enumerable.Reverse(starts))
            {
                progress(done++, request.Pairs * starts.Count);
                await StartAsync(request, start);
                cancelled.ThrowIfCancellationRequested();
            }

            await MeasureFloorAsync(request, starts);
        }
    }

    /// <summary>Makes the bench's disk with its contents, so that each start that is measured finds the same. The quickest kind of start does.</summary>
    private async Task FillDiskAsync(BenchRequest request, List<BenchStart> starts)
    {
        var start = starts[^1] with { Memory = null };
        error.WriteLine(_disk!.Step);
        using var clone = Clone(request, start);
        try
        {
            await FillAsync(request, start);
            await clone.PrepareAsync();
            if (clone.WhyNoDisk is { } why)
            {
                Remark($"no project disk is measured: {why}");
            }
            else
            {
                await clone.RunScriptAsync(_disk.Fill);
            }
        }
        finally
        {
            await clone.CleanupAsync();
        }
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

        var ahead = StandbyNeed.Of(request.Image).FirstOrDefault(need => need.Number == 0)?.Count ?? 0;
        if (ahead == 0 || generation is null)
        {
            Remark($"no standby start is measured: {(ahead == 0 ? $"no clone of the image's own size is wanted ahead ('standby' in {request.Image.File})" : StandbyLook.NeverPublished(request.Image.Name))}");
        }
        else if (ahead < request.Concurrency)
        {
            Remark($"no standby start is measured: {request.Concurrency} at once need 'standby: {{count: {request.Concurrency}}}' in {request.Image.File}");
        }
        else
        {
            starts.Add(new BenchStart(Standby));
        }

        return starts;
    }

    /// <summary>
    /// Makes the clones that are wanted ahead, and waits for those that another process makes: nothing else happens on the host while a start, and then the rest of its
    /// job, is measured.
    /// </summary>
    private async Task FillAsync(BenchRequest request, BenchStart start)
    {
        if (start.Kind != Standby)
        {
            return;
        }

        using var right = await machine.Locks.TakeStandbyAsync(FillTakes, cancelled)
            ?? throw new SystemFailureException(
                ErrorCodes.StandbyMissing, $"another process has made standby clones for more than {DurationText.Format(FillTakes)}, and nothing is measured beside it", "See 'vm-executor standby', and measure again.");
        if (!await new StandbyRound(machine, new JobLog(TextWriter.Null)).RunAsync(StandbyNeed.Of(request.Image), isAll: false, cancelled))
        {
            var why = machine.Standby.ReadReport()?.Lines.FirstOrDefault(line => line.Image == request.Image.Name.Value && line.Why is not null)?.Why;
            throw new SystemFailureException(ErrorCodes.StandbyMissing, $"not all standby clones of image '{request.Image.Name}' that are wanted could be made: {why ?? "they are taken or grow too old as fast as they are made"}", "See 'vm-executor standby'.");
        }
    }

    /// <summary>All of them are measured while all of them live.</summary>
    private async Task StartAsync(BenchRequest request, BenchStart start)
    {
        List<BenchClone> clones = [.. Enumerable.Range(0, request.Concurrency).Select(_ => Clone(request, start))];
        try
        {
            try
            {
                await FillAsync(request, start);
                await Task.WhenAll(clones.Select(clone => clone.PrepareAsync()));
                await FillAsync(request, start);
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

        var start = starts[^1] with { Memory = null };
        using var clone = Clone(request, start);
        try
        {
            await FillAsync(request, start);
            await clone.PrepareAsync();
            await FillAsync(request, start);
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

    private BenchClone Clone(BenchRequest request, BenchStart start) => new(machine.Settings, _disk?.Job() ?? TrialJob.New(request.Image.Name.Value), start, error, machine.Time);

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
