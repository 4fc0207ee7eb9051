using VmExecutor.Host.Images;

namespace VmExecutor.Benchmarks;

/// <summary>The parts of <c>bench</c>.</summary>
internal sealed class BenchTasks(Invocation invocation, string? configOption)
{
    public async Task<BenchReport> RunAsync(BenchRequest request, CancellationToken cancellationToken)
    {
        using var machine = invocation.Machine(configOption);
        return await new Bench(machine, invocation.Error, (done, all) => invocation.ShowAmount("measuring starts", done, all), cancellationToken).RunAsync(
            request, ChosenGeneration.For(request.Image, machine.Catalogue).Generation);
    }
}
