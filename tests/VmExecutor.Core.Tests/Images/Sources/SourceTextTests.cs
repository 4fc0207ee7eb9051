using FluentAssertions;
using VmExecutor.Core.Images.Sources;
using Xunit;

namespace VmExecutor.Core.Tests.Images.Sources;

public sealed class SourceTextTests
{
    [Theory]
    [InlineData(129_000_000, 283_115_520L, 12_582_912.0, "downloading a.qcow2: 45 % (123MiB of 270MiB, 12MiB/s)")]
    [InlineData(5000, 10_000L, null, "downloading a.qcow2: 50 % (5KiB of 10KiB)")]
    [InlineData(10_485_760, null, 2048.0, "downloading a.qcow2: 10MiB, 2KiB/s")]
    [InlineData(20_000, 10_000L, null, "downloading a.qcow2: 100 % (20KiB of 10KiB)")]
    public void Progress_says_how_much_of_what_and_how_fast(long done, long? total, double? rate, string expected) =>
        TransferText.Progress("downloading a.qcow2", done, total, rate).Should().Be(expected);

    [Theory]
    [InlineData("1f8b0808", PackedFormat.Gzip)]
    [InlineData("fd377a585a0000", PackedFormat.Xz)]
    [InlineData("28b52ffd04", PackedFormat.Zstandard)]
    [InlineData("514649fb00000003", PackedFormat.None)]
    [InlineData("1f8b", PackedFormat.None)]
    [InlineData("", PackedFormat.None)]
    public void The_first_bytes_say_how_a_file_is_packed(string head, PackedFormat format) =>
        PackedFormats.Of(Convert.FromHexString(head)).Should().Be(format);
}
