using System.Text;
using FluentAssertions;
using VmExecutor.Core.Guests;
using Xunit;

namespace VmExecutor.Core.Tests.Guests;

public sealed class RemoteCommandTests
{
    private static readonly RunToken Token = new(new byte[16]);
    private static readonly byte[] Marker = Encoding.ASCII.GetBytes($"\0vmx-begin:{Token}\n");

    [Theory]
    [InlineData("true")]
    [InlineData("a\nb")]
    [InlineData("it's")]
    [InlineData("csh reads !! and fish reads \\\\ and \\'")]
    [InlineData("\"$(id)\" `id` %s ä\u0001\r\n")]
    public void A_line_has_nothing_that_a_login_shell_reads_between_single_quotes(string text)
    {
        var line = RemoteCommand.Line(Token, text);

        line.Should().StartWith("exec sh -c '").And.EndWith("'");
        line.Count(c => c == '\'').Should().Be(2);
        line.Should().NotContainAny("!", @"\\", @"\'").And.MatchRegex("^[ -~]*$");
    }

    [Fact]
    public void A_plain_text_is_not_encoded() => RemoteCommand.Line(Token, "exec sudo -n sh").Should().EndWith(" exec sudo -n sh'");

    [Theory]
    [InlineData("", "")]
    [InlineData("Welcome\nno end", "Welcome\nno end")]
    [InlineData("\0vmx-begin:0\0\0", "\0vmx-begin:0\0\0")]
    public void The_answer_begins_behind_the_marker_wherever_the_stream_is_cut(string before, string noise)
    {
        byte[] all = [.. Encoding.ASCII.GetBytes(before), .. Marker, .. "answer"u8, .. Marker];
        for (var piece = 1; piece <= all.Length; piece++)
        {
            var scanner = new BeginMarkerScanner(Token);
            var answer = new List<byte>();
            foreach (var chunk in all.Chunk(piece))
            {
                answer.AddRange(scanner.Feed(chunk));
            }

            scanner.Found.Should().BeTrue();
            scanner.Noise.Should().Be(noise);
            answer.Should().Equal([.. "answer"u8, .. Marker]);
        }
    }

    [Fact]
    public void Noise_without_end_is_kept_in_part()
    {
        var scanner = new BeginMarkerScanner(Token);
        for (var i = 0; i < 1000; i++)
        {
            scanner.Feed(new byte[1000]).Length.Should().Be(0);
        }

        scanner.Noise.Length.Should().Be(4096);
        scanner.Found.Should().BeFalse();
    }
}
