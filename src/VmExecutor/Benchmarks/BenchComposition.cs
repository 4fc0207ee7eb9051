using VmExecutor.Core.Values;
using VmExecutor.Host.Images;
using VmExecutor.Host.Processes;

namespace VmExecutor.Benchmarks;

/// <summary>The parts of <c>bench</c>.</summary>
internal sealed class BenchComposition(Composition composition, string? configOption)
{
    public async Task<BenchReport> RunAsync(BenchRequest request, AbsolutePath? handScript, CancellationToken cancellationToken)
    {
        var settings = composition.Load(configOption).Settings;
        using var leftovers = composition.Leftovers(settings);
        var tools = new ToolEnvironment(composition.StageEnvironment.Variables);
        var hand = new HandMade(
            settings, handScript ?? HandMade.FindScript(tools), composition.UriOf(settings), new HandMadeMachine(composition.CloneStart(settings, leftovers)), tools, composition.Tools(), composition.Error, composition.Time);
        return await new Bench(settings, hand, composition.Error, composition.Time, cancellationToken).RunAsync(
            request, ChosenGeneration.For(request.Image, new Catalogue(settings.StateDir)).Generation);
    }
}
