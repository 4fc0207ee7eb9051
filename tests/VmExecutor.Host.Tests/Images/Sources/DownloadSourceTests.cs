using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;
using VmExecutor.Host.Images.Sources;
using VmExecutor.Host.Processes;
using Xunit;

namespace VmExecutor.Host.Tests.Images.Sources;

public sealed class DownloadSourceTests : DownloadTest
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact(Timeout = 60_000)]
    public async Task A_file_that_is_not_packed_is_used_as_it_came()
    {
        await using var server = DownloadServer.Of(Content);

        var files = await FetchAsync(server.Address, Cancellation);

        (await File.ReadAllBytesAsync(files.Disk.Value, Cancellation)).Should().Equal(Content);
        files.Format.Should().Be(DiskFormat.Raw);
        Told.Should().Contain(line => line.StartsWith("downloading disk.img: ", StringComparison.Ordinal)).And.Contain("downloaded disk.img: the checksum is right");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_verified_download_is_not_fetched_again()
    {
        await using var server = DownloadServer.Of(Content);
        await FetchAsync(server.Address, Cancellation);

        await FetchAsync(server.Address, Cancellation);

        server.Requests.Should().HaveCount(1);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_verified_download_that_was_damaged_since_is_fetched_again()
    {
        await using var server = DownloadServer.Of(Content);
        var first = await FetchAsync(server.Address, Cancellation);
        await File.WriteAllTextAsync(first.Disk.Value, "something else", Cancellation);

        var files = await FetchAsync(server.Address, Cancellation);

        (await File.ReadAllBytesAsync(files.Disk.Value, Cancellation)).Should().Equal(Content);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_download_that_breaks_off_is_continued_where_it_was()
    {
        await using var server = DownloadServer.Of(Content, (number, answer) => number == 1 ? answer with { CutAt = 300_000 } : answer);

        var files = await FetchAsync(server.Address, Cancellation);

        server.Requests.Select(request => request.From).Should().Equal(null, 300_000);
        (await File.ReadAllBytesAsync(files.Disk.Value, Cancellation)).Should().Equal(Content);
        Told.Should().Contain(line => line.Contains("attempt 2 of 8", StringComparison.Ordinal));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_server_without_ranges_is_asked_for_the_whole_again()
    {
        await using var server = new DownloadServer((number, _) => new("200 OK", Content, "ETag: \"one\"") { CutAt = number == 1 ? 300_000 : null });

        var files = await FetchAsync(server.Address, Cancellation);

        server.Requests.Should().HaveCount(2);
        (await File.ReadAllBytesAsync(files.Disk.Value, Cancellation)).Should().Equal(Content);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_part_without_a_version_is_not_continued()
    {
        await using var server = new DownloadServer((number, _) => new("200 OK", Content, "ETag: W/\"weak\"") { CutAt = number == 1 ? 300_000 : null });

        await FetchAsync(server.Address, Cancellation);

        server.Requests.Should().HaveCount(2).And.OnlyContain(request => request.From == null);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_busy_server_is_asked_again()
    {
        await using var server = DownloadServer.Of(Content, (number, answer) => number <= 2 ? new("503 Service Unavailable", [], "Retry-After: 1") : answer);

        await FetchAsync(server.Address, Cancellation);

        server.Requests.Should().HaveCount(3);
    }

    [Theory(Timeout = 60_000)]
    [InlineData("404 Not Found")]
    [InlineData("403 Forbidden")]
    public async Task A_server_that_refuses_is_asked_once(string status)
    {
        await using var server = DownloadServer.Of(Content, (_, _) => new(status, []));

        var fetch = () => FetchAsync(new UriBuilder(server.Address) { UserName = "me", Password = "secret", Query = "signature=secret" }.Uri, Cancellation);

        var failure = (await fetch.Should().ThrowAsync<SystemFailureException>()).Which;
        failure.Code.Should().Be(ErrorCodes.ImageDownloadFailed);
        failure.Message.Should().Be($"{server.Address}?… could not be downloaded: the server answered {status}");
        Told.Should().NotContain(line => line.Contains("secret"));
        server.Requests.Should().HaveCount(1);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_server_that_says_nothing_more_is_given_up_and_asked_again()
    {
        await using var server = DownloadServer.Of(Content, (number, answer) => number == 1 ? answer with { CutAt = 200_000, Stalls = true } : answer);

        await FetchAsync(server.Address, Cancellation);

        server.Requests.Select(request => request.From).Should().Equal(null, 200_000);
        Told.Should().Contain(line => line.StartsWith("nothing came for a minute", StringComparison.Ordinal));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_dead_server_is_named_with_what_happened_and_how_often_it_was_asked()
    {
        using var nobody = new TcpListener(IPAddress.Loopback, 0);
        nobody.Start();
        var address = new Uri($"http://127.0.0.1:{((IPEndPoint)nobody.LocalEndpoint).Port}/disk.img");
        nobody.Stop();

        var fetch = () => FetchAsync(address, Cancellation);

        var failure = (await fetch.Should().ThrowAsync<SystemFailureException>()).Which;
        failure.Code.Should().Be(ErrorCodes.ImageDownloadFailed);
        failure.Message.Should().Contain(address.ToString()).And.Contain("8 attempts").And.Contain("Connection refused");
        failure.Hint.Should().Contain("http_proxy");
    }

    [Fact(Timeout = 60_000)]
    public async Task Content_that_is_not_what_was_expected_is_deleted_and_not_used()
    {
        await using var server = DownloadServer.Of([1, 2, 3]);

        var fetch = () => FetchAsync(server.Address, Cancellation);

        var failure = (await fetch.Should().ThrowAsync<SystemFailureException>()).Which;
        failure.Code.Should().Be(ErrorCodes.ImageChecksumWrong);
        failure.Message.Should().Contain(server.Address.ToString()).And.Contain(Sha256(Content)).And.Contain(Sha256([1, 2, 3]));
        Directory.EnumerateFiles(Cache.Value).Should().BeEmpty();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_cancelled_download_leaves_what_the_next_one_continues()
    {
        await using var server = DownloadServer.Of(Content, (number, answer) => number == 1 ? answer with { CutAt = 400_000, Stalls = true } : answer);
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var first = FetchAsync(server.Address, cancel.Token, tell: line =>
        {
            if (line.Contains("50 %", StringComparison.Ordinal) || line.Contains("nothing came", StringComparison.Ordinal))
            {
                cancel.Cancel();
            }
        });
        await first.Invoking(task => task).Should().ThrowAsync<OperationCanceledException>();
        var there = new FileInfo(Part.Value).Length;

        var files = await FetchAsync(server.Address, Cancellation);

        there.Should().BePositive();
        server.Requests.Last().From.Should().Be((int)there);
        (await File.ReadAllBytesAsync(files.Disk.Value, Cancellation)).Should().Equal(Content);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_part_that_is_whole_needs_no_server()
    {
        Directory.CreateDirectory(Cache.Value);
        await File.WriteAllBytesAsync(Part.Value, Content, Cancellation);

        var files = await FetchAsync(new Uri("http://127.0.0.1:1/disk.img"), Cancellation);

        (await File.ReadAllBytesAsync(files.Disk.Value, Cancellation)).Should().Equal(Content);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_sha512_checksum_is_as_good()
    {
        await using var server = DownloadServer.Of(Content);
        Checksum.TryParse(ChecksumKind.Sha512, Convert.ToHexString(SHA512.HashData(Content)), out var checksum).Should().BeTrue();

        var files = await new DownloadSource(new ToolEnvironment(Own), TimeProvider.System)
            .FetchAsync(new ImageName("debian"), new ImageSource.Download(new DownloadAddress(server.Address), checksum!), Cache, Told.Add, Cancellation);

        (await File.ReadAllBytesAsync(files.Disk.Value, Cancellation)).Should().Equal(Content);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_file_of_the_host_is_copied_and_verified_in_the_same_way()
    {
        var original = Temporary.Child("original.img");
        await File.WriteAllBytesAsync(original.Value, Content, Cancellation);

        var files = await FetchAsync(new Uri($"file://{original}"), Cancellation);
        var wrong = () => FetchAsync(new Uri($"file://{original}"), Cancellation, expected: [1]);
        var missing = () => FetchAsync(new Uri("file:///nonexistent/disk.img"), Cancellation, expected: [2]);

        (await File.ReadAllBytesAsync(files.Disk.Value, Cancellation)).Should().Equal(Content);
        (await wrong.Should().ThrowAsync<SystemFailureException>()).Which.Code.Should().Be(ErrorCodes.ImageChecksumWrong);
        (await missing.Should().ThrowAsync<SystemFailureException>()).Which.Message.Should().Contain("file:///nonexistent/disk.img cannot be read");
    }
}
