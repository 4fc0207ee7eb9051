using System.Xml.Linq;
using FluentAssertions;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Tests.Clones.Parts;
using Xunit;

namespace VmExecutor.Core.Tests.Clones;

public sealed class PrintedDefinitionTests
{
    [Theory]
    [InlineData("<graphics type='vnc' passwd='hunter2'/>")]
    [InlineData("<graphics type='spice' passwd='hunter2' passwdValidTo='2030-01-01T00:00:00'/>")]
    [InlineData("<q:arg xmlns:q='u' value='secret,id=s0,data=hunter2'/>")]
    [InlineData("<q:arg xmlns:q='u' value='secret,data=hunter2,id=s0,format=raw'/>")]
    [InlineData("""<q:arg xmlns:q='u' value='{"qom-type":"secret","id":"s0","data":"hunter2"}'/>""")]
    [InlineData("<q:arg xmlns:q='u' value='socket,id=x,password=hunter2,port=1'/>")]
    [InlineData("<q:arg xmlns:q='u' value='file=https://me:hunter2@example.com/disk.img,if=none'/>")]
    [InlineData("<q:arg xmlns:q='u' value='name=opt/com.coreos/config,string={hunter2}'/>")]
    [InlineData("<q:env xmlns:q='u' name='RBD_API_KEY' value='hunter2'/>")]
    [InlineData("<q:env xmlns:q='u' name='VNC_PASSWORD' value='hunter2'/>")]
    [InlineData("<cookies><cookie name='session'>hunter2</cookie></cookies>")]
    [InlineData("<c:data xmlns:c='u'><c:root_password>hunter2</c:root_password></c:data>")]
    [InlineData("<sysinfo type='fwcfg'><entry name='opt/com.example/config'>hunter2 and more</entry></sysinfo>")]
    [InlineData("<oemStrings><entry>io.systemd.credential:passwd.plaintext-password.root=hunter2 with, a comma</entry></oemStrings>")]
    [InlineData("<oemStrings><entry>io.systemd.credential.binary:x=hunter2</entry></oemStrings>")]
    [InlineData("<cmdline>root=/dev/vda rd.live.token=hunter2 quiet</cmdline>")]
    public void A_secret_is_not_printed(string xml)
    {
        var domain = XElement.Parse($"<domain>{xml}</domain>");

        PrintedDefinition.Of(domain).ToString().Should().NotContain("hunter2").And.Contain(PrintedDefinition.Hidden);
        PrintedDefinition.HidesOf(domain).Should().BeTrue();
        domain.ToString().Should().Contain("hunter2", "it is not changed itself");
    }

    [Theory]
    [InlineData("<secret type='ceph' uuid='457eb676-33da-42ec-9a8c-9293d545c337'/>")]
    [InlineData("<graphics type='spice' passwdValidTo='2030-01-01T00:00:00'/>")]
    [InlineData("<q:arg xmlns:q='u' value='rbd:pool/x,password-secret=s0,data=plain'/>")]
    [InlineData("<q:arg xmlns:q='u' value=':1,password=on'/>")]
    [InlineData("<source file='/srv/token/data.qcow2'/>")]
    [InlineData("<cmdline>root=/dev/vda console=ttyS0 metadata=x</cmdline>")]
    public void Text_without_a_secret_is_printed_as_it_is(string xml)
    {
        var domain = XElement.Parse($"<domain>{xml}</domain>");

        PrintedDefinition.Of(domain).ToString().Should().Be(domain.ToString());
        PrintedDefinition.HidesOf(domain).Should().BeFalse();
    }

    [Fact]
    public void Definitions_without_secrets_are_printed_as_they_are()
    {
        foreach (var name in new[] { "tuned-card", "numa-and-memory", "tool-virt-install", "tool-nova", "secure-boot-and-tpm" })
        {
            PrintedDefinition.HidesOf(new SourceFile(name).Xml).Should().BeFalse(name);
        }
    }
}
