using System.Net.Sockets;
using System.Security.Cryptography;
using FluentAssertions;
using VmExecutor.Host.Files;
using Xunit;

namespace VmExecutor.Host.Tests.Files;

public sealed class DescriptorStreamTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("vmx-test-");
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly Socket _reader = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly Socket _writer;

    public DescriptorStreamTests()
    {
        var place = new UnixDomainSocketEndPoint(Path.Combine(_directory.FullName, "sock"));
        _listener.Bind(place);
        _listener.Listen();
        _reader.Connect(place);
        _writer = _listener.Accept();
    }

    public void Dispose()
    {
        _writer.Dispose();
        _reader.Dispose();
        _listener.Dispose();
        _directory.Delete(recursive: true);
    }

    [Theory(Timeout = 120_000)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task All_bytes_get_through_a_place_that_is_full_again_and_again_whether_it_blocks_or_not(bool blocking)
    {
        _writer.Blocking = blocking;
        var sent = RandomNumberGenerator.GetBytes(4 * 1024 * 1024); // no socket takes so much at once
        var stream = new DescriptorStream(_writer.Handle.ToInt32());

        var writing = Task.Run(() => stream.Write(sent), TestContext.Current.CancellationToken);
        var got = new byte[sent.Length];
        await new NetworkStream(_reader).ReadExactlyAsync(got, TestContext.Current.CancellationToken);
        await writing;

        got.SequenceEqual(sent).Should().BeTrue();
    }

    [Fact]
    public void A_place_without_a_reader_takes_everything()
    {
        _reader.Dispose();

        new DescriptorStream(_writer.Handle.ToInt32()).Invoking(stream => stream.Write("line\n"u8)).Should().NotThrow();
    }

    [Fact]
    public void A_place_that_is_full_for_good_is_an_error_of_the_system()
    {
        using var full = File.OpenHandle("/dev/full", FileMode.Open, FileAccess.Write);

        new DescriptorStream((int)full.DangerousGetHandle()).Invoking(stream => stream.Write("line\n"u8)).Should().Throw<IOException>().WithMessage("*No space left*");
    }
}
