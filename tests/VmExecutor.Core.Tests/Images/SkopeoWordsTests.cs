using FluentAssertions;
using VmExecutor.Core.Images.Registries;
using Xunit;

namespace VmExecutor.Core.Tests.Images;

public sealed class SkopeoWordsTests
{
    [Fact]
    public void A_registry_that_is_away_is_not_said_to_be_an_error_of_the_name()
    {
        const string said = """
            time="2026-11-28T13:05:40Z" level=fatal msg="Error parsing image name \"docker://registry.example.com/ci/debian-12:current\": pinging container registry registry.example.com: Get \"https://registry.example.com/v2/\": dial tcp 192.0.2.1:443: connect: connection refused"
            """;

        SkopeoWords.Of(said).Should().Be(SkopeoFault.Unreachable);
        SkopeoWords.Last(said).Should().Be("pinging container registry registry.example.com: Get \"https://registry.example.com/v2/\": dial tcp 192.0.2.1:443: connect: connection refused");
    }
}
