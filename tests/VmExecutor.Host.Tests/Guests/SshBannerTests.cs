using System.Net;
using System.Net.Sockets;
using System.Text;
using FluentAssertions;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Host.Guests;
using Xunit;

namespace VmExecutor.Host.Tests.Guests;

/// <summary>Against a listener that behaves as QEMU's user network does: silent, or closing at once, until the guest listens.</summary>
public sealed class SshBannerTests : IDisposable
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(5);
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly SshBanner banner = new(new ConnectPace(TimeProvider.System), TimeProvider.System);

    public SshBannerTests() => listener.Start();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private GuestAddress Address => new("127.0.0.1", ((IPEndPoint)listener.LocalEndpoint).Port);

    public void Dispose() => listener.Dispose();

    [Fact(Timeout = 30_000)]
    public async Task The_greeting_is_returned_without_its_line_end_also_after_other_lines()
    {
        var wait = banner.WaitAsync(Address, Long, Alive, Cancellation);
        await AnswerAsync("hello\r\nSSH-2.0-Test_1 comment\r\n");

        (await wait).Should().Be("SSH-2.0-Test_1 comment");
    }

    [Fact(Timeout = 30_000)]
    public async Task A_port_that_closes_is_asked_again()
    {
        var wait = banner.WaitAsync(Address, Long, Alive, Cancellation);
        for (var closed = 0; closed < 3; closed++)
        {
            (await listener.AcceptTcpClientAsync(Cancellation)).Dispose();
        }

        await AnswerAsync("SSH-2.0-x\r\n");

        (await wait).Should().Be("SSH-2.0-x");
    }

    [Fact(Timeout = 30_000)]
    public async Task A_silent_try_stays_open_while_the_next_one_is_made()
    {
        var wait = banner.WaitAsync(Address, Long, Alive, Cancellation);
        using var silent = await listener.AcceptTcpClientAsync(Cancellation);
        using var second = await listener.AcceptTcpClientAsync(Cancellation);

        await silent.GetStream().WriteAsync("SSH-2.0-late\r\n"u8.ToArray(), Cancellation);

        (await wait).Should().Be("SSH-2.0-late");
        (await second.GetStream().ReadAsync(new byte[1], Cancellation)).Should().Be(0, "the other tries are given up");
    }

    [Fact(Timeout = 30_000)]
    public async Task A_server_that_never_speaks_is_a_boot_that_timed_out()
    {
        var wait = () => banner.WaitAsync(Address, TimeSpan.FromMilliseconds(300), Alive, Cancellation);

        (await wait.Should().ThrowAsync<SystemFailureException>().WithMessage("*did not answer within 300ms")).Which.Code.Should().Be(ErrorCodes.GuestBootTimedOut);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_dead_domain_ends_the_wait_at_once()
    {
        var asked = 0;
        listener.Stop();

        var wait = () => banner.WaitAsync(new GuestAddress("127.0.0.1", SshdFixture.FreePort()), Long, _ => ++asked > 2 ? throw new InvalidOperationException("dead") : Task.CompletedTask, Cancellation);

        await wait.Should().ThrowAsync<InvalidOperationException>().WithMessage("dead");
    }

    [Fact(Timeout = 30_000)]
    public async Task A_cancel_ends_the_wait_as_a_cancel()
    {
        using var cancel = new CancellationTokenSource();
        var wait = banner.WaitAsync(Address, Long, Alive, cancel.Token);
        using var silent = await listener.AcceptTcpClientAsync(Cancellation);

        await cancel.CancelAsync();

        await wait.Invoking(w => w).Should().ThrowAsync<OperationCanceledException>();
    }

    [Theory(Timeout = 60_000)]
    [InlineData("x")]
    [InlineData("SSH-2.0-x")]
    [InlineData("a line\r\n")]
    [InlineData("\n")]
    public async Task A_server_that_speaks_without_end_is_hung_up_and_asked_again(string text)
    {
        var wait = banner.WaitAsync(Address, Long, Alive, Cancellation);
        var block = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(text, 1000)));
        using (var client = await listener.AcceptTcpClientAsync(Cancellation))
        {
            // It ends when the other side closes: the driver does so after 8 MiB at most, and what the kernel holds comes on top.
            var speak = async () =>
            {
                for (var sent = 0L; sent < 256 << 20; sent += block.Length)
                {
                    await client.GetStream().WriteAsync(block, Cancellation);
                }
            };
            await speak.Should().ThrowAsync<IOException>();
        }

        var answer = AnswerAllAsync("SSH-2.0-x\r\n");

        (await wait).Should().Be("SSH-2.0-x");
        listener.Stop();
        await answer;
    }

    private async Task AnswerAllAsync(string text)
    {
        try
        {
            while (true)
            {
                await AnswerAsync(text);
            }
        }
        catch (Exception e) when (e is SocketException or IOException or InvalidOperationException or ObjectDisposedException)
        {
            // The listener was stopped, or a try was given up.
        }
    }

    private static Task Alive(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task AnswerAsync(string text)
    {
        using var client = await listener.AcceptTcpClientAsync(Cancellation);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(text), Cancellation);
    }
}
