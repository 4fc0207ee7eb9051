using System.Diagnostics;
using System.Text;
using FluentAssertions;
using FsCheck.Fluent;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Tests.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Guests;

/// <summary>Quoted words, as a real shell sees them.</summary>
public sealed class ShellTextTests
{
    [Fact]
    public void Any_word_in_quotes_is_that_word_to_a_shell_and_runs_nothing() =>
        ForAny.Value(
            HostileText.Decoded.Select(text => text.Replace("\0", "", StringComparison.Ordinal)).NonEmptyListOf(),
            words => Printed(words).Should().Equal(words));

    [Theory]
    [InlineData("")]
    [InlineData("'")]
    [InlineData("'; touch marker; '")]
    [InlineData("-n")]
    [InlineData("a\nb\\")]
    public void A_word_in_quotes_is_one_word(string word) => Printed([word]).Should().Equal(word);

    private static string[] Printed(IEnumerable<string> words)
    {
        var start = new ProcessStartInfo("/bin/sh")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            StandardInputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
        };
        using var shell = Process.Start(start)!;
        shell.StandardInput.Write($"printf '%s\\0' {string.Join(' ', words.Select(ShellText.Quote))}\n");
        shell.StandardInput.Close();

        // Bytes, since a reader of text would take a byte order mark at the beginning away.
        using var output = new MemoryStream();
        shell.StandardOutput.BaseStream.CopyTo(output);
        shell.WaitForExit();
        shell.ExitCode.Should().Be(0);
        return Encoding.UTF8.GetString(output.ToArray()).Split('\0')[..^1];
    }
}
