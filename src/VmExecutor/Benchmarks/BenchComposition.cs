using VmExecutor.Core.Values;
using VmExecutor.Host.Images;

namespace VmExecutor.Benchmarks;

/// <summary>The parts of <c>bench</c>.</summary>
internal sealed class BenchComposition(Composition composition, string? configOption)
{
    public async Task<BenchReport> RunAsync(BenchRequest request, AbsolutePath? handScript, CancellationToken cancellationToken)
    {
        using var machine = composition.Machine(configOption);
        var hand = new HandMade(machine, handScript ?? HandMade.FindScript(machine.ToolEnvironment), composition.Error);
        return await new Bench(machine.Settings, hand, composition.Error, composition.Time, cancellationToken).RunAsync(
            request, ChosenGeneration.For(request.Image, machine.Catalogue).Generation);
    }
}
