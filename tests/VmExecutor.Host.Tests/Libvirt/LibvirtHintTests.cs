using FluentAssertions;
using FsCheck.Fluent;
using VmExecutor.Core.Tests.Values;
using VmExecutor.Host.Libvirt;
using Xunit;

namespace VmExecutor.Host.Tests.Libvirt;

public sealed class LibvirtHintTests
{
    [Fact]
    public void Whatever_libvirt_says_in_whatever_words_there_is_something_to_do() =>
        ForAny.Value(
            from number in Gen.Choose(-1, 120)
            from domain in Gen.Choose(-1, 80)
            from errno in Gen.Elements(-1, 0, 1, 2, 5, 13, 16, 32, 104, 111, int.MaxValue)
            from message in HostileText.Any
            from uri in Gen.OneOf(HostileText.Any, Gen.Elements("qemu:///system", "qemu:///session", "qemu+ssh://host/system"))
            select (Uri: uri, Error: new LibvirtError((LibvirtErrorNumber)number, (LibvirtErrorDomain)domain, LibvirtErrorLevel.Error, message, errno)),
            given =>
            {
                string[] hints =
                [
                    LibvirtHint.ForOpening(given.Uri, given.Error), LibvirtHint.ForCall(given.Uri, given.Error), LibvirtHint.ForStart(given.Uri, given.Error),
                ];

                hints.Should().OnlyContain(hint => hint.Length > 20 && char.IsAsciiLetterUpper(hint[0]));
            });

    [Theory]
    [InlineData("Failed to connect socket to '/var/run/libvirt/virtnetworkd-sock': No such file or directory", "virtnetworkd")]
    [InlineData("Failed to connect socket to '/run/libvirt/virtstoraged-sock': Connection refused", "virtstoraged")]
    [InlineData("Failed to connect socket to '/run/libvirt/virtlogd-sock': No such file or directory", "virtlogd")]
    [InlineData("Failed to connect socket to '/run/dbus/system_bus_socket': No such file or directory", null)]
    [InlineData("Failed to connect socket to '/run/libvirt/libvirt-sock': No such file or directory", null)]
    public void A_daemon_of_one_driver_that_does_not_run_is_named(string message, string? unit)
    {
        var error = new LibvirtError(LibvirtErrorNumber.SystemError, LibvirtErrorDomain.Rpc, LibvirtErrorLevel.Error, message, 2);
        string[] hints = [LibvirtHint.ForCall("qemu:///system", error), LibvirtHint.ForStart("qemu:///system", error)];

        if (unit is null)
        {
            hints.Should().OnlyContain(hint => !hint.Contains("enable --now"));
        }
        else
        {
            hints.Should().OnlyContain(hint => hint.Contains($"systemctl enable --now {unit}.socket"));
        }
    }
}
