using System.Net.Sockets;
using FluentAssertions;
using Xunit;

namespace VmExecutor.Program.Tests;

/// <summary>A libvirt daemon that takes connections and never answers: the program's native calls hang, the program does not.</summary>
public sealed class MuteLibvirtTests : IDisposable
{
    private readonly StageBench _bench = new();
    private readonly Socket _daemon = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

    public MuteLibvirtTests()
    {
        _daemon.Bind(new UnixDomainSocketEndPoint(_bench.PathOf("sock")));
        _daemon.Listen();
    }

    public void Dispose()
    {
        _daemon.Dispose();
        _bench.Dispose();
    }

    [Theory(Timeout = 60_000)]
    [InlineData("TERM")]
    [InlineData("INT")]
    [InlineData("HUP")]
    [InlineData("QUIT")]
    public async Task A_signal_ends_prepare_by_its_exit_code_although_its_call_never_returns(string signal)
    {
        Configure("5m");

        var exit = await _bench.RunUntilAsync(ConnectedAsync(), signal, "prepare");

        exit.ExitCode.Should().Be(StageBench.SystemFailure, exit.ToString());
        (exit.Output + exit.Error).Should().Contain("Cancelled");
    }

    [Theory(Timeout = 60_000)]
    [InlineData("prepare", "VMX1303")]
    [InlineData("cleanup", "VMX1504")]
    public async Task A_stage_ends_by_itself_when_the_calls_time_is_over(string stage, string code)
    {
        Configure("1s");

        var exit = await _bench.RunAsync(stage);

        exit.ShouldFail(StageBench.SystemFailure, code, "did not answer within 1 s");
    }

    private void Configure(string callTimeout) => _bench.Write(
        "vm-executor.yaml",
        $"""
        state_dir: {_bench.PathOf("state")}
        images_dir: images
        default_image: small
        libvirt:
          uri: qemu+unix:///system?socket={_bench.PathOf("sock")}
          call_timeout: {callTimeout}

        """);

    private async Task ConnectedAsync()
    {
        // Left open, so that the client goes on waiting for an answer until the daemon's end is disposed of.
        var connection = await _daemon.AcceptAsync();
        _ = await connection.ReceiveAsync(new byte[1]);
    }
}
