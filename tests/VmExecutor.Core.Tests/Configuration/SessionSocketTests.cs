using FluentAssertions;
using VmExecutor.Core.Configuration;
using Xunit;

namespace VmExecutor.Core.Tests.Configuration;

public sealed class SessionSocketTests
{
    private static readonly Dictionary<string, string> Nothing = [];

    [Theory]
    [InlineData("/home/gitlab-runner", null)]
    [InlineData("/home/gitlab-runner-of-all-teams", null)]
    [InlineData("/var/lib/continuous-integration/gitlab-runner", "XDG_CONFIG_HOME")]
    [InlineData("/srv/üüüüüüüüüüüüüüüüüüüüü", "XDG_CONFIG_HOME")]
    [InlineData("/srv/11111111111111111111111111111111111111111111111111111111111111111111111111111111", "XDG_RUNTIME_DIR")]
    public void A_home_is_as_short_as_the_sockets_below_it_need(string home, string? variable) =>
        SessionSocket.TooLong("qemu:///session", Nothing, home, LibvirtDaemon.Monolithic)?.Variable.Should().Be(variable);

    [Theory]
    [InlineData(37, false)]
    [InlineData(38, true)]
    public void The_limit_is_the_kernels_for_a_VM_with_a_number_of_three_digits(int length, bool isTooLong) =>
        (SessionSocket.TooLong("qemu:///session", Nothing, "/".PadRight(length, 'x'), LibvirtDaemon.Monolithic) is not null).Should().Be(isTooLong);

    [Theory]
    [InlineData(80, "libvirtd", false)]
    [InlineData(81, "libvirtd", true)]
    [InlineData(78, "virtqemud", false)]
    [InlineData(79, "virtqemud", true)]
    public void A_directory_for_sockets_is_as_short_as_those_of_the_hosts_daemon_need(int length, string unit, bool isTooLong)
    {
        var environment = new Dictionary<string, string> { ["XDG_RUNTIME_DIR"] = "/".PadRight(length, 'x') };

        var found = SessionSocket.TooLong("qemu:///session", environment, "/root", new LibvirtDaemon(unit));

        (found is not null).Should().Be(isTooLong);
        found?.Fix.Should().Contain("XDG_RUNTIME_DIR").And.Contain("pgrep -u USER -x 'libvirtd|virtqemud'", "either of them may be the user's");
    }

    [Theory]
    [InlineData("XDG_CONFIG_HOME", "/srv/ci/", true)]
    [InlineData("XDG_CONFIG_HOME", "", false)]
    [InlineData("XDG_CONFIG_HOME", "srv/ci", false)]
    [InlineData("XDG_CACHE_HOME", "/srv/ci", false)]
    public void Directories_that_are_elsewhere_cure_a_long_home(string variable, string value, bool isCured) =>
        (SessionSocket.TooLong("qemu:///session", new Dictionary<string, string> { [variable] = value }, $"/srv/{new string('x', 50)}", LibvirtDaemon.Monolithic) is null).Should().Be(isCured);

    [Theory]
    [InlineData("qemu:///system")]
    [InlineData("qemu+ssh://host/session")]
    [InlineData("qemu+unix:///session?socket=/run/own")]
    [InlineData("test:///default")]
    [InlineData("nonsense")]
    public void Only_a_users_own_libvirt_has_its_sockets_there(string uri) => SessionSocket.TooLong(uri, Nothing, $"/srv/{new string('x', 200)}", LibvirtDaemon.Monolithic).Should().BeNull();
}
