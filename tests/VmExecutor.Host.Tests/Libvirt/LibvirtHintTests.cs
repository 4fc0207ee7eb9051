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
}
