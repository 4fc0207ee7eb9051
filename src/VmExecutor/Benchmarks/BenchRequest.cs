using VmExecutor.Core.Benchmarks;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Values;

namespace VmExecutor.Benchmarks;

/// <summary>The request of <c>bench</c>.</summary>
/// <param name="Image">Of which image.</param>
/// <param name="Pairs">How often each kind of start is measured.</param>
/// <param name="Concurrency">How many clones at once.</param>
/// <param name="Memories">Further sizes that are started warm, each from a template of its own.</param>
/// <param name="Budgets">What must not be exceeded.</param>
/// <param name="Contents">What the project's disk has in it; null: nothing.</param>
internal sealed record BenchRequest(
    ImageDefinition Image, int Pairs, int Concurrency, IReadOnlyList<ByteSize> Memories, IReadOnlyList<Budget> Budgets, ByteSize? Contents);

/// <summary>One kind of start.</summary>
/// <param name="Kind"><c>cold</c>, <c>warm</c> or <c>standby</c>, as prepare takes it and <c>job.json</c> says it.</param>
/// <param name="Memory">What the job asks for; null: the image's own size.</param>
internal sealed record BenchStart(string Kind, ByteSize? Memory = null)
{
    public string Name => Memory is { } memory ? $"{Kind} {memory}" : Kind;
}
