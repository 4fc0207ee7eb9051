using FluentAssertions;
using VmExecutor.Fuzz.Tests.Engine;
using VmExecutor.Fuzz.Tests.Readers;
using Xunit;

namespace VmExecutor.Fuzz.Tests;

/// <summary>
/// Whatever a job, a guest or a damaged disk writes: the driver takes it or refuses it by a code of its own, within 2 s of processor time and 200 MiB.
/// Inputs are made from the seeds and the corpus; a seed that finds a fault finds it again.
/// </summary>
public sealed class FuzzTests
{
    private const int InEveryRun = 20_000;
    private const int InThoroughRuns = 1_000_000;

    public static TheoryData<string> Names => [.. AllReaders.All.Select(reader => reader.Name)];

    public static TheoryData<string> Records => [.. AllReaders.All.Where(reader => reader.IsRecord).Select(reader => reader.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Whatever_was_written_is_taken_or_refused(string name) => Try(name, InEveryRun / AllReaders.All.Count, thorough: false);

    [Theory(Explicit = true)]
    [MemberData(nameof(Names))]
    public void Whatever_was_written_is_taken_or_refused_many_more_times(string name) => Try(name, InThoroughRuns / AllReaders.All.Count, thorough: true);

    [Theory]
    [MemberData(nameof(Records))]
    public void A_record_that_is_damaged_at_any_byte_is_taken_or_refused(string name) => Break(name, thorough: false);

    [Theory(Explicit = true)]
    [MemberData(nameof(Records))]
    public void A_record_with_any_value_in_any_byte_is_taken_or_refused(string name) => Break(name, thorough: true);

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_seed_and_every_input_of_the_corpus_is_taken_or_refused(string name)
    {
        var reader = AllReaders.Of(name);

        new Trial(reader, 0).Run([.. reader.Seeds, .. Corpus.Of(reader)]);
    }

    [Fact]
    public void Every_file_of_the_corpus_belongs_to_a_reader() =>
        Corpus.Readers.Should().BeSubsetOf(AllReaders.All.Select(reader => reader.Name));

    private static void Try(string name, int count, bool thorough)
    {
        var reader = AllReaders.Of(name);
        var seed = Trial.Seed(thorough);
        var mutation = new Mutation(thorough ? reader : reader with { Longest = Math.Min(reader.Longest, 1 << 16) }, [.. reader.Seeds, .. Corpus.Of(reader)], seed);

        new Trial(reader, seed).Run(Enumerable.Range(0, count).Select(mutation.Make));
    }

    private static void Break(string name, bool thorough)
    {
        var reader = AllReaders.Of(name);

        new Trial(reader, 0).Run(Damage.Of(reader.Seeds[0], thorough));
    }
}
