using FluentAssertions;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Values;

public sealed class OciReferenceTests
{
    private const string Digest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    [Theory]
    [InlineData("registry.example.com/ci/debian-12:2026-11")]
    [InlineData("registry:5000/debian:1")]
    [InlineData("localhost/debian:1")]
    [InlineData("[::1]:5000/ci/debian:1")]
    [InlineData("registry.example.com/ci/debian@" + Digest)]
    [InlineData("registry.example.com/ci/debian:1@" + Digest)]
    public void A_reference_has_a_host_a_repository_and_a_tag_or_digest(string text)
    {
        OciReference.TryParse(text, out var reference).Should().BeTrue();

        reference!.ToString().Should().Be(text);
        OciReference.WhyNot(text).Should().BeNull();
    }

    [Theory]
    [InlineData("docker://registry.example.com/ci/debian:1", "leave out 'docker://'")]
    [InlineData("https://registry.example.com/ci/debian:1", "leave out 'https://'")]
    [InlineData("debian:1", "does not begin with a registry's host")]
    [InlineData("", "does not begin with a registry's host")]
    [InlineData("ci/debian:1", "does not begin with a registry's host")]
    [InlineData("regi stry.example.com/debian:1", "does not begin with a registry's host")]
    [InlineData("registry.example.com/ci/debian", "has no tag")]
    [InlineData("registry.example.com/ci/debian:", "has no tag")]
    [InlineData("registry.example.com:5000/ci/debian", "has no tag")]
    [InlineData("registry.example.com/ci/debian@sha256:e3b0", "64 hexadecimal digits")]
    [InlineData("registry.example.com/ci/Debian:1", "small letters only")]
    [InlineData("registry.example.com/ci//debian:1", "a tag has letters")]
    [InlineData("registry.example.com/ci/debian:1 2", "a tag has letters")]
    public void A_text_that_is_none_has_a_reason(string text, string why)
    {
        OciReference.TryParse(text, out _).Should().BeFalse();

        OciReference.WhyNot(text).Should().Contain(why);
    }
}
