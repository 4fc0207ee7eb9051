using FluentAssertions;
using VmExecutor.Core.Capacity;
using Xunit;

namespace VmExecutor.Core.Tests.Capacity;

public sealed class CgroupMemoryTests
{
    [Theory]
    [InlineData("8000\n", "3000\n", "anon 2000\ninactive_file 500\nactive_file 400\n", 5500)]
    [InlineData("8000\n", "3000\n", "cache 7\ninactive_file 1\ntotal_inactive_file 500\n", 5500)]
    [InlineData("8000\n", "3000\n", null, 5000)]
    [InlineData("8000", "9000", "inactive_file 200\n", 0)]
    [InlineData("8000", "3000", "inactive_file 99999\n", 8000)]
    public void Page_cache_that_goes_first_is_available(string limit, string current, string? stat, long available) =>
        CgroupMemory.Of(limit, current, stat).Should().Be(new CgroupMemory(8000, available));

    [Theory]
    [InlineData("max\n", "3000")]
    [InlineData("9223372036854771712\n", "3000")]
    [InlineData(null, "3000")]
    [InlineData("8000", null)]
    [InlineData("-1", "3000")]
    [InlineData("many", "3000")]
    public void Without_a_limit_there_is_nothing_to_say(string? limit, string? current) => CgroupMemory.Of(limit, current, null).Should().BeNull();
}
