using FluentAssertions;
using VmExecutor.Core.Benchmarks;
using Xunit;

namespace VmExecutor.Core.Tests.Benchmarks;

public sealed class MemoryMapTests
{
    // Of a kernel 6.1, cut to the fields that differ.
    private const string Smaps = """
        55aad8a84000-55aad8a86000 r--p 00000000 fe:00 247629                     /usr/bin/qemu-system-x86_64
        Size:                  8 kB
        Pss:                   8 kB
        Private_Clean:         8 kB
        Private_Dirty:         0 kB
        Anonymous:             0 kB
        Swap:                  0 kB
        VmFlags: rd mr mw me
        7f5a50000000-7f5a60000000 rw-p 00000000 fe:00 860166                     /srv/a state/warm/ram.img
        Size:             262144 kB
        Rss:               20480 kB
        Pss:               12000 kB
        Private_Clean:         0 kB
        Private_Dirty:      9216 kB
        Anonymous:          5120 kB
        Swap:               1024 kB
        THPeligible:           0
        7f5a60000000-7f5a70000000 rw-p 00000000 00:00 0 
        Size:             262144 kB
        Anonymous:        102400 kB
        Swap:                  0 kB
        7f5a70000000-7f5a70001000 ---p 00000000 00:00 0 
        Size:                  4 kB
        Anonymous:             0 kB
        Swap:                  0 kB
        7ffd8334d000-7ffd8336e000 rw-p 00000000 00:00 0                          [stack]
        Size:                132 kB
        Anonymous:            36 kB
        """;

    private const string Rollup = """
        55966c075000-7ffd8334d000 ---p 00000000 00:00 0                          [rollup]
        Rss:                1640 kB
        Pss:                 362 kB
        Pss_Dirty:           116 kB
        """;

    private const long Guest = 256L << 20;

    private static readonly IReadOnlyList<MemoryMap> Maps = MemoryMap.Parse(Smaps.Split('\n'));

    [Fact]
    public void Each_mapping_has_its_file_its_size_and_what_is_its_own() => Maps.Should().Equal(
        new MemoryMap("/usr/bin/qemu-system-x86_64", 8 << 10, 0),
        new MemoryMap("/srv/a state/warm/ram.img", Guest, 6 << 20, 21 << 20),
        new MemoryMap("", Guest, 100 << 20),
        new MemoryMap("", 4 << 10, 0),
        new MemoryMap("[stack]", 132 << 10, 36 << 10));

    [Fact]
    public void Touched_memory_includes_pages_that_a_guest_shares_with_its_template() =>
        MemoryMap.TouchedGuestMemory(Maps, "/srv/a state/warm/ram.img", Guest).Should().Be(21 << 20);

    [Fact]
    public void A_warm_guest_has_what_it_has_written_of_the_templates_memory() =>
        MemoryMap.OwnGuestMemory(Maps, "/srv/a state/warm/ram.img", Guest).Should().Be(6 << 20);

    [Fact]
    public void A_cold_guest_has_the_anonymous_memory_of_its_size() =>
        MemoryMap.OwnGuestMemory(Maps, null, Guest).Should().Be(100 << 20);

    [Fact]
    public void Memory_that_cannot_be_told_apart_is_not_guessed()
    {
        MemoryMap.OwnGuestMemory([.. Maps, new MemoryMap("", Guest, 1)], null, Guest).Should().BeNull("two mappings could be it");
        MemoryMap.OwnGuestMemory(Maps, null, 2 * Guest).Should().BeNull("no mapping has this size");
        MemoryMap.OwnGuestMemory(Maps, "/srv/other/ram.img", Guest).Should().BeNull("it maps another template");
    }

    [Fact]
    public void The_memory_that_counts_of_a_process_is_in_its_rollup()
    {
        MemoryMap.Pss(Rollup.Split('\n')).Should().Be(362 << 10);
        MemoryMap.Pss([]).Should().BeNull();
    }
}
