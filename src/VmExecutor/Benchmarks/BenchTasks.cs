using VmExecutor.Core.Values;
using VmExecutor.Host.Images;

namespace VmExecutor.Benchmarks;

/// <summary>The parts of <c>bench</c>.</summary>
internal sealed class BenchTasks(Invocation invocation, string? configOption)
{
    public async Task<BenchReport> RunAsync(BenchRequest request, AbsolutePath? handScript, CancellationToken cancellationToken)
    {
        using var machine = invocation.Machine(configOption);
        var hand = new HandMade(machine, handScript ?? HandMade.FindScript(machine.ToolEnvironment), invocation.Error);
        return await new Bench(machine.Settings, hand, invocation.Error, invocation.Time, cancellationToken).RunAsync(
            request, ChosenGeneration.For(request.Image, machine.Catalogue).Generation);
    }
}
