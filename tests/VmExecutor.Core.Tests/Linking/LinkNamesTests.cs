using FluentAssertions;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Linking;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Linking;

public sealed class LinkNamesTests
{
    [Theory]
    [InlineData("base-clone", "base")]
    [InlineData("base-clone-2", "base", "base-clone")]
    [InlineData("base-clone-3", "base", "base-clone", "base-clone-2", "base-clone-4")]
    public void A_clone_without_a_name_gets_the_first_that_is_free(string expected, params string[] taken) =>
        LinkNames.Decide("base", wanted: null, taken).Value.Should().Be(expected);

    [Fact]
    public void A_name_that_was_asked_for_is_never_changed()
    {
        LinkNames.Decide("base", "web", ["base"]).Value.Should().Be("web");
        var decide = () => LinkNames.Decide("base", "web", ["base", "web"]);
        decide.Should().Throw<SystemFailureException>().Which.Code.Should().Be(ErrorCodes.DomainNameTaken);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a/b")]
    [InlineData("-web")]
    [InlineData(".web")]
    [InlineData(" web")]
    [InlineData("we\nb")]
    [InlineData("we\u001bb")]
    [InlineData("we\u202eb")]
    public void A_name_that_is_no_files_name_is_refused(string name)
    {
        VmName.TryParse(name, out _).Should().BeFalse();
        var decide = () => LinkNames.Decide("base", name, []);
        decide.Should().Throw<SystemFailureException>().Which.Code.Should().Be(ErrorCodes.UsageWrong);
    }

    [Fact]
    public void A_name_is_as_long_as_a_file_may_be()
    {
        VmName.TryParse(new string('ä', 100), out _).Should().BeTrue();
        VmName.TryParse(new string('ä', 101), out _).Should().BeFalse();
    }

    [Theory]
    [InlineData("debain-12", "similar names are: 'debian-12'")]
    [InlineData("debian", "similar names are: 'debian-11', 'debian-12'")]
    [InlineData("windows", "there are: 'debian-11', 'debian-12', 'fedora'")]
    public void A_mistyped_source_is_answered_with_the_domains_that_there_are(string asked, string expected)
    {
        var failure = LinkNames.Missing(asked, "qemu:///system", ["fedora", "debian-12", "debian-11"]);

        failure.Code.Should().Be(ErrorCodes.SourceMissing);
        failure.Message.Should().Contain($"'{asked}'").And.Contain("qemu:///system").And.EndWith(expected);
    }

    [Fact]
    public void A_libvirt_without_domains_is_told_as_well() =>
        LinkNames.Missing("base", "qemu:///session", []).Message.Should().EndWith("it has none at all");
}
