using System.Text;
using FluentAssertions;
using VmExecutor.Core.Egress;
using Xunit;

namespace VmExecutor.Core.Tests.Egress;

public sealed class ProxyRequestTests
{
    [Theory]
    [InlineData("CONNECT git.example.test:443 HTTP/1.1", "git.example.test:443")]
    [InlineData("CONNECT GIT.Example.Test.:443 HTTP/1.0", "git.example.test:443")]
    [InlineData("CONNECT 192.0.2.3:80 HTTP/1.1", "192.0.2.3:80")]
    [InlineData("CONNECT [2001:DB8::1]:443 HTTP/1.1", "[2001:db8::1]:443")]
    [InlineData("GET http://git.example.test/a?b HTTP/1.1", "git.example.test:80")]
    [InlineData("GET HTTP://git.example.test:8080 HTTP/1.1", "git.example.test:8080")]
    [InlineData("GET http://[2001:db8::1]/ HTTP/1.1", "[2001:db8::1]:80")]
    public void A_request_names_its_destination(string line, string target)
    {
        var (request, refusal) = Read($"{line}\r\n\r\n");

        refusal.Should().BeNull();
        request!.Target.ToString().Should().Be(target);
    }

    [Theory]
    [InlineData("CONNECT git.example.test HTTP/1.1")]
    [InlineData("CONNECT git.example.test:0 HTTP/1.1")]
    [InlineData("CONNECT git.example.test:65536 HTTP/1.1")]
    [InlineData("CONNECT git.example.test:+80 HTTP/1.1")]
    [InlineData("CONNECT git.example.test:443 HTTP/2.0")]
    [InlineData("CONNECT  git.example.test:443 HTTP/1.1")]
    [InlineData("CONNECT [fe80::1%25eth0]:443 HTTP/1.1")]
    [InlineData("CONNECT ::1:443 HTTP/1.1")]
    [InlineData("CONNECT [127.0.0.1]:443 HTTP/1.1")]
    [InlineData("CONNECT 127.1:443 HTTP/1.1")]
    [InlineData("CONNECT 2130706433:443 HTTP/1.1")]
    [InlineData("CONNECT 0x7f000001:443 HTTP/1.1")]
    [InlineData("CONNECT 0x7f.0.0.1:443 HTTP/1.1")]
    [InlineData("CONNECT 0177.0.0.1:443 HTTP/1.1")]
    [InlineData("CONNECT a.0x7f:443 HTTP/1.1")]
    [InlineData("CONNECT a.1:443 HTTP/1.1")]
    [InlineData("CONNECT a..b:443 HTTP/1.1")]
    [InlineData("CONNECT -a.test:443 HTTP/1.1")]
    [InlineData("CONNECT exämple.test:443 HTTP/1.1")]
    [InlineData("CONNECT user@git.example.test:443 HTTP/1.1")]
    [InlineData("GET / HTTP/1.1")]
    [InlineData("GET https://git.example.test/ HTTP/1.1")]
    [InlineData("GET ftp://git.example.test/ HTTP/1.1")]
    [InlineData("GET http://user:word@git.example.test/ HTTP/1.1")]
    [InlineData("GET http:///etc HTTP/1.1")]
    [InlineData("G(T http://git.example.test/ HTTP/1.1")]
    [InlineData("GET http://git.example.test/ HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1")]
    [InlineData("GET http://git.example.test/ HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked")]
    [InlineData("GET http://git.example.test/ HTTP/1.1\r\nTransfer-Encoding: gzip, chunked")]
    [InlineData("GET http://git.example.test/ HTTP/1.1\r\nContent-Length: -1")]
    [InlineData("GET http://git.example.test/ HTTP/1.1\r\nContent-Length: 99999999999999999999")]
    [InlineData("GET http://git.example.test/ HTTP/1.1\r\nContent-Length : 1")]
    [InlineData("GET http://git.example.test/ HTTP/1.1\r\nA: b\r\n c")]
    [InlineData("GET http://git.example.test/ HTTP/1.1\r\nA: b\nHost: c")]
    [InlineData("GET http://git.example.test/ HTTP/1.1\r\nA: b\rc")]
    [InlineData("GET http://git.example.test/ HTTP/1.1\r\nA: b\0c")]
    [InlineData("")]
    public void Anything_else_is_refused(string head)
    {
        var (request, refusal) = Read($"{head}\r\n\r\n");

        request.Should().BeNull();
        refusal!.Status.Should().Be(400);
    }

    [Fact]
    public void The_head_of_a_plain_request_is_the_destinations_own()
    {
        var (request, _) = Read("POST http://git.example.test:8080/a HTTP/1.1\r\nhost: evil.test\r\nProxy-Authorization: Basic x\r\nConnection: keep-alive, X-Own, Content-Length\r\nX-Own: 1\r\nUpgrade: h2c\r\nContent-Length: 5\r\nAccept: */*\r\n\r\n");

        Encoding.Latin1.GetString(request!.Head!).Should().Be("POST /a HTTP/1.1\r\nHost: git.example.test:8080\r\nContent-Length: 5\r\nAccept: */*\r\nConnection: close\r\n\r\n");
        request.BodyBytes.Should().Be(5);
    }

    [Theory]
    [InlineData("GET http://a.test HTTP/1.1", "GET / HTTP/1.1\r\nHost: a.test\r\n")]
    [InlineData("GET http://a.test?b HTTP/1.1", "GET /?b HTTP/1.1\r\nHost: a.test\r\n")]
    [InlineData("GET http://[2001:db8::1]/ HTTP/1.1", "GET / HTTP/1.1\r\nHost: [2001:db8::1]\r\n")]
    public void A_path_may_be_missing(string line, string head) => Encoding.Latin1.GetString(Read($"{line}\r\n\r\n").Request!.Head!).Should().StartWith(head);

    [Fact]
    public void A_body_without_a_length_has_its_own_end()
    {
        Read("POST http://a.test/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n").Request!.BodyBytes.Should().BeNull();
        Read("GET http://a.test/ HTTP/1.1\r\n\r\n").Request!.BodyBytes.Should().Be(0);
    }

    [Fact]
    public void A_head_ends_with_an_empty_line()
    {
        ProxyRequest.EndOfHead("CONNECT a.test:1 HTTP/1.1\r\n\r\nrest"u8).Should().Be(29);
        ProxyRequest.EndOfHead("CONNECT a.test:1 HTTP/1.1\r\n\r"u8).Should().BeNull();
    }

    private static (ProxyRequest? Request, ProxyAnswer? Refusal) Read(string head) => ProxyRequest.Read(Encoding.Latin1.GetBytes(head));
}
