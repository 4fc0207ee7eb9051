using System.Buffers;
using System.Text;
using VmExecutor.Core.Guests;
using VmExecutor.Fuzz.Tests.Engine;
using VmExecutor.Host.Guests;

namespace VmExecutor.Fuzz.Tests.Readers;

/// <summary>The readers of streams from a guest: its ssh server's greeting, a script's output, the answer to a command.</summary>
internal static class StreamReaders
{
    private static readonly RunToken Token = new([.. Enumerable.Range(1, 16).Select(number => (byte)number)]);
    private static readonly string Begin = $"\0vmx-begin:{Token}\n";
    private static readonly string End = $"\0{Token} 7\n";
    private static readonly string Path = $"/tmp/vmx-{Token}-script";

    public static IReadOnlyList<Reader> All { get; } =
    [
        Reader.OfBytes("ssh-greeting", "the guest's ssh server", Grammar.Lines, Texts("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", "hello\r\nSSH-2.0-x\r\n"), ReadGreeting, "Host/Guests/SshBanner.cs", "Host/Files/BoundedLines.cs"),
        Reader.OfBytes(
            "script-output", "the job's script", Grammar.Bytes, Texts($"noise\n{Begin}{Path}\0{Path}: line 1: x\n\0{Token} a\0{End}rest", $"{Begin}\0{End}"), ReadOutput,
            "Core/Guests/EndMarkerScanner.cs", "Core/Guests/BeginMarkerScanner.cs", "Core/Guests/ScriptNameScanner.cs", "Host/Guests/OutputRelay.cs") with
        {
            Words = [Begin, End, Path, "\0", Token.Value, $"\0{Token} ", $"\0{Token} 999\n", $"\0{Token} 256\n"],
        },
        Reader.OfBytes(
            "command-answer", "the guest's shell", Grammar.Lines, Texts($"noise\n{Begin}answer\nlines\n"), ReadAnswer, "Host/Guests/GuestAnswer.cs") with
        {
            Words = [Begin, "\0", Token.Value],
            Longest = 2 << 20,
        },
    ];

    private static byte[][] Texts(params string[] texts) => [.. texts.Select(Encoding.UTF8.GetBytes)];

    private static void ReadGreeting(byte[] bytes)
    {
        try
        {
            using var stream = new Pieces(bytes);
            _ = SshBanner.ReadAsync(stream, CancellationToken.None).GetAwaiter().GetResult();
        }
        catch (IOException)
        {
            // As for a connection that is lost: the next try comes.
        }
    }

    private static void ReadOutput(byte[] bytes)
    {
        using var stream = new Pieces(bytes);
        using var output = new MemoryStream();
        var relay = new OutputRelay(stream, output, Token, "build_script", TimeProvider.System);
        var status = relay.RunAsync().GetAwaiter().GetResult();
        _ = (relay.Began, relay.Noise);
        _ = status is { } number and not ScriptWrapper.NotStored ? GuestScriptRunner.ToExit(number).ToString() : "";

        var scanner = new EndMarkerScanner(Token);
        var plain = new ArrayBufferWriter<byte>();
        scanner.Feed(bytes, plain);
        scanner.Release(plain);
        if (scanner.Status is null && !plain.WrittenSpan.SequenceEqual(bytes))
        {
            throw new InvalidOperationException("without a marker no byte may be lost");
        }
    }

    private static void ReadAnswer(byte[] bytes)
    {
        try
        {
            using var stream = new Pieces(bytes);
            var answer = new GuestAnswer(stream, Token);
            answer.ReadLinesAsync(_ => Task.CompletedTask, CancellationToken.None).GetAwaiter().GetResult();
            _ = (answer.Began, answer.Noise, answer.Text);
        }
        catch (AnswerTooLongException)
        {
            // Told as VMX1417 by the caller.
        }
    }

    /// <summary>A stream that gives its bytes in pieces of uneven length, as a network does.</summary>
    private sealed class Pieces(byte[] bytes) : MemoryStream(bytes)
    {
        private static readonly int[] Lengths = [1, 7, 64, 3, 4096, 65_536];
        private int _next = bytes.Length % Lengths.Length;

        public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(count, Lengths[_next++ % Lengths.Length]));

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            new(Read(buffer.Span[..Math.Min(buffer.Length, Lengths[_next++ % Lengths.Length])]));
    }
}
