using System.Xml.Linq;
using FluentAssertions;
using FsCheck.Fluent;
using VmExecutor.Core.Tests.Values;
using VmExecutor.Core.Values;
using VmExecutor.Host.Hypervisor;
using Xunit;

namespace VmExecutor.Host.Tests.Hypervisor;

public sealed class QemuUserTests
{
    [Theory]
    [InlineData("+64055:+108", 64055u, 108u)]
    [InlineData("0:0", 0u, 0u)]
    [InlineData("+4294967295:+4294967295", uint.MaxValue, uint.MaxValue)]
    public void The_label_names_user_and_group(string label, uint user, uint group) =>
        QemuUser.Of(Capabilities(label)).Should().Be(new QemuUser(user, group));

    [Theory]
    [InlineData("")]
    [InlineData("+64055")]
    [InlineData("+1:+2:+3")]
    [InlineData("libvirt-qemu:kvm")]
    [InlineData("-1:-1")]
    [InlineData("+4294967296:+1")]
    public void Another_label_names_no_user(string label) => QemuUser.Of(Capabilities(label)).Should().BeNull();

    [Theory]
    [InlineData("<capabilities/>")]
    [InlineData("<capabilities><host><secmodel><model>selinux</model></secmodel></host></capabilities>")]
    [InlineData("<capabilities><host><secmodel><model>dac</model></secmodel></host></capabilities>")]
    public void Capabilities_without_a_label_name_no_user(string xml) => QemuUser.Of(xml).Should().BeNull();

    [Fact]
    public void Any_label_names_two_numbers_or_no_user() =>
        ForAny.Value(
            Gen.OneOf(HostileText.Any.Select(XmlText.Replace), Gen.Elements("+", "1", "64055", ":", "-", " ", "٣", "\n").ListOf().Select(string.Concat)),
            label =>
            {
                if (QemuUser.Of(Capabilities(label)) is { } user)
                {
                    label.Replace("+", "", StringComparison.Ordinal).Should().MatchRegex(@"\A0*" + user.User + ":0*" + user.Group + @"\z");
                }
            });

    private static string Capabilities(string label) => new XElement(
        "capabilities",
        new XElement(
            "host",
            new XElement("secmodel", new XElement("model", "apparmor")),
            new XElement("secmodel", new XElement("model", "dac"), new XElement("baselabel", new XAttribute("type", "kvm"), label)))).ToString();
}
