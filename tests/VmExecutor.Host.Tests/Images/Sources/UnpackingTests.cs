using System.Diagnostics;
using FluentAssertions;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using VmExecutor.Host.Tests.Fakes;
using Xunit;

namespace VmExecutor.Host.Tests.Images.Sources;

public sealed class UnpackingTests : DownloadTest
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory(Timeout = 60_000)]
    [InlineData("gzip")]
    [InlineData("xz")]
    [InlineData("zstd")]
    public async Task A_packed_disk_is_unpacked_and_its_zeros_take_no_space(string tool)
    {
        var disk = new byte[40_000_123];
        Content.CopyTo(disk, 8_000_000);
        var packed = await PackAsync(tool, disk);

        var files = await FetchAsync(Address, Cancellation, expected: packed);

        (await File.ReadAllBytesAsync(files.Disk.Value, Cancellation)).AsSpan().SequenceEqual(disk).Should().BeTrue();
        FileStat.TryRead(files.Disk)!.AllocatedBytes.Should().BeLessThan(2_000_000);
    }

    [Theory(Timeout = 60_000)]
    [InlineData("gzip")]
    [InlineData("xz")]
    [InlineData("zstd")]
    public async Task A_packed_disk_that_was_cut_off_before_its_checksum_was_made_is_not_used(string tool)
    {
        var packed = (await PackAsync(tool, Content))[..^1000];
        await File.WriteAllBytesAsync(Address.LocalPath, packed, Cancellation);

        var fetch = () => FetchAsync(Address, Cancellation, expected: packed);

        var failure = (await fetch.Should().ThrowAsync<SystemFailureException>()).Which;
        failure.Code.Should().Be(ErrorCodes.ImageDownloadFailed);
        failure.Message.Should().Contain("packed.img has the right checksum but cannot be unpacked").And.Contain($"{tool} -dc").And.MatchRegex("(?i)(unexpected|premature) end").And.NotContain("\n");
        Directory.EnumerateFiles(Cache.Value, "*unpacked*").Should().BeEmpty();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_full_disk_is_named_as_the_reason()
    {
        var packed = await PackAsync("gzip", Content);
        Directory.CreateDirectory(Cache.Value);
        using var small = SmallFileSystem.Make("touch state/part");
        small.Cause(FileTrouble.Full);
        File.CreateSymbolicLink(Cache.Child($"{Sha256(packed)[..16]}.unpacked.part").Value, small.Root.Child("state").Child("part").Value);

        var fetch = () => FetchAsync(Address, Cancellation, expected: packed);

        (await fetch.Should().ThrowAsync<HostFileException>()).Which.Message.Should().Contain("unpacked.part").And.Contain("No space left on device");
    }

    private Uri Address => new($"file://{Temporary.Child("packed.img")}");

    private async Task<byte[]> PackAsync(string tool, byte[] content)
    {
        AbsolutePath plain = Temporary.Child("plain"), packed = Temporary.Child("packed.img");
        await File.WriteAllBytesAsync(plain.Value, content, Cancellation);
        using var process = Process.Start("sh", ["-c", "exec \"$1\" -c -1 < \"$2\" > \"$3\"", "sh", tool, plain.Value, packed.Value]);
        await process.WaitForExitAsync(Cancellation);
        process.ExitCode.Should().Be(0);
        return await File.ReadAllBytesAsync(packed.Value, Cancellation);
    }
}
