using System.Globalization;
using FluentAssertions;
using Xunit;

namespace VmExecutor.Program.Tests;

/// <summary>Ends of the program at the moment at which its connection to libvirt is closed or opened: by its exit code, and never by a signal.</summary>
public sealed class EndsBesideLibvirtTests : IAsyncDisposable
{
    /// <summary>The time that the program waits for its connection to be closed (LibvirtConnection.Close).</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(300);

    private readonly StageBench _bench = new();
    private readonly LibvirtStandIn _daemon;

    public EndsBesideLibvirtTests()
    {
        _daemon = new LibvirtStandIn(_bench.PathOf("sock"));
        // malloc(3) looks harder: what is freed is overwritten, and no thread has free memory of its own.
        _bench.Environment["MALLOC_PERTURB_"] = "165";
        _bench.Environment["GLIBC_TUNABLES"] = "glibc.malloc.tcache_count=0";
    }

    public async ValueTask DisposeAsync()
    {
        await _daemon.DisposeAsync();
        _bench.Dispose();
    }

    [Fact(Timeout = 240_000)]
    public Task Tens_of_ends_while_the_connection_is_being_closed() => CloseAsync(16);

    [Fact(Timeout = 3_600_000, Explicit = true)]
    public Task Thousands_of_ends_while_the_connection_is_being_closed() => CloseAsync(3_000);

    [Fact(Timeout = 240_000)]
    public Task Tens_of_ends_while_the_connection_is_being_opened() => OpenAsync(8);

    [Fact(Timeout = 3_600_000, Explicit = true)]
    public Task Thousands_of_ends_while_the_connection_is_being_opened() => OpenAsync(1_500);

    private async Task CloseAsync(int ends)
    {
        // The answer comes when the program ends, a few milliseconds sooner or later.
        Configure("1m");
        _daemon.Closing = () => Patience + TimeSpan.FromMilliseconds((Random.Shared.NextDouble() * 20) - 5);

        (await EndAsync(ends, "list")).Should().Equal(new Dictionary<int, int> { [0] = ends });
        _daemon.Ends.Should().BePositive("else no connection was closed in time");
    }

    private async Task OpenAsync(int ends)
    {
        Configure("1s");
        _daemon.Opening = () => TimeSpan.FromSeconds(1 + (Random.Shared.NextDouble() * 0.04));

        // On a busy machine some calls come late, and are answered in time by that clock.
        (await EndAsync(ends, "list")).Keys.Should().BeSubsetOf([0, StageBench.SystemFailure]);
    }

    private void Configure(string callTimeout) => _bench.Write(
        "vm-executor.yaml",
        $"state_dir: {_bench.PathOf("state")}\nimages_dir: images\ndefault_image: small\nlibvirt:\n  uri: qemu+unix:///system?socket={_bench.PathOf("sock")}\n  call_timeout: {callTimeout}\n");

    /// <summary>The exit codes, with the number of each; what ended by one of a signal's is told.</summary>
    private async Task<Dictionary<int, int>> EndAsync(int ends, string command)
    {
        var codes = new Dictionary<int, int>();
        var gate = new Lock();
        await Parallel.ForAsync(0, ends, new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = TestContext.Current.CancellationToken }, async (number, _) =>
        {
            var exit = await _bench.RunAsync(command);
            exit.ExitCode.Should().BeLessThan(128, string.Create(CultureInfo.InvariantCulture, $"end {number}: {exit}"));
            lock (gate)
            {
                codes[exit.ExitCode] = codes.GetValueOrDefault(exit.ExitCode) + 1;
            }
        });
        return codes;
    }
}
