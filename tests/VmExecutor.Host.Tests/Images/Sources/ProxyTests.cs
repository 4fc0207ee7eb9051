using System.Diagnostics;
using FluentAssertions;
using Xunit;

namespace VmExecutor.Host.Tests.Images.Sources;

public sealed class ProxyTests : DownloadTest
{
    private const string Behind = "VMX_TEST_BEHIND_A_PROXY";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>.NET reads the environment once per process, so the download is made by this same test in a process of its own.</summary>
    [Fact(Timeout = 60_000)]
    public async Task A_download_goes_through_the_proxy_that_the_environment_names_except_where_no_proxy_says_so()
    {
        if (Environment.GetEnvironmentVariable(Behind) is { } direct)
        {
            await FetchAsync(new Uri("http://images.example.com/disk.img"), Cancellation, expected: [7, 7, 7]);
            await FetchAsync(new Uri(direct), Cancellation, expected: [8, 8, 8]);
            return;
        }

        await using var proxy = new DownloadServer((_, _) => new("200 OK", [7, 7, 7]));
        await using var server = new DownloadServer((_, _) => new("200 OK", [8, 8, 8]));
        var start = new ProcessStartInfo(Environment.ProcessPath!, ["-noColor", "-noLogo", "-method", $"{typeof(ProxyTests).FullName}.*"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["http_proxy"] = $"http://127.0.0.1:{proxy.Port}";
        start.Environment["no_proxy"] = "127.0.0.1";
        start.Environment[Behind] = server.Address.ToString();
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync(Cancellation);
        await process.WaitForExitAsync(Cancellation);

        process.ExitCode.Should().Be(0, output);
        proxy.Requests.Should().ContainSingle().Which.Head.Should().StartWith("GET http://images.example.com/disk.img HTTP/1.1\r\n");
        server.Requests.Should().ContainSingle().Which.Head.Should().StartWith("GET /images/disk.img HTTP/1.1\r\n");
    }
}
