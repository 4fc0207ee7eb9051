using FluentAssertions;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Clones;

public sealed class DomainTextTests
{
    [Theory]
    [InlineData("<domain><name>x</name><os/></domain>", "<devices>")]
    [InlineData("<domain><os/><devices/></domain>", "<name>")]
    [InlineData("<domain><name>x</name><devices/></domain>", "<os>")]
    [InlineData("<network><name>x</name></network>", "network")]
    [InlineData("<domain>", "cannot be read")]
    public void A_definition_that_lacks_what_libvirt_always_writes_is_refused_with_words(string text, string mention) =>
        FluentActions.Invoking(() => DomainText.Parse(text)).Should().Throw<UnreadableXmlException>().Which.Message.Should().Contain(mention);

    /// <summary>Deriving a clone goes through all of it several times.</summary>
    [Fact]
    public void A_definition_without_end_is_refused_with_words() =>
        FluentActions.Invoking(() => DomainText.Parse($"<domain><name>x</name><os/><devices>{string.Concat(Enumerable.Repeat("<disk/>", 4_000))}</devices></domain>"))
            .Should().Throw<UnreadableXmlException>().Which.Message.Should().Contain("more than 4000 elements");

    [Fact]
    public void A_whole_definition_is_read() => DomainText.Parse("<domain><name>x</name><os/><devices/></domain>").Name.LocalName.Should().Be("domain");
}
