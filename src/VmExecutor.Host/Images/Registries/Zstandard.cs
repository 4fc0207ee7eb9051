using VmExecutor.Host.Files;
using VmExecutor.Host.Processes;

namespace VmExecutor.Host.Images.Registries;

/// <summary>Packs and unpacks chunks with the installed zstd.</summary>
internal sealed class Zstandard(ToolEnvironment environment, TimeProvider clock)
{
    /// <summary>One thread and a fixed level: the same chunk is the same blob.</summary>
    public Task<byte[]> PackAsync(ReadOnlyMemory<byte> chunk, CancellationToken cancellationToken) =>
        RunAsync(["-q", "-3", "-T1", "--no-check", "-c"], chunk, (2 * chunk.Length) + 1024, cancellationToken);

    /// <exception cref="InvalidDataException">It is no whole frame, or has more or less than <paramref name="length"/> bytes.</exception>
    public async Task<byte[]> UnpackAsync(ReadOnlyMemory<byte> blob, int length, CancellationToken cancellationToken)
    {
        var chunk = await RunAsync(["-q", "-dc"], blob, length, cancellationToken).ConfigureAwait(false);
        return chunk.Length == length ? chunk : throw new InvalidDataException($"a chunk of it has {chunk.Length} bytes and should have {length}");
    }

    private async Task<byte[]> RunAsync(IReadOnlyList<string> arguments, ReadOnlyMemory<byte> input, int longest, CancellationToken cancellationToken)
    {
        await using var tool = ToolStream.Start(new ToolCall("zstd", arguments) { OwnSession = true }, environment, clock);
        var said = BoundedText.ReadEndAsync(tool.Error, 1000, cancellationToken);
        var writing = WriteAsync(tool.Input, input, cancellationToken);
        var output = new byte[longest + 1];
        var count = await tool.Output.ReadAtLeastAsync(output, output.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        if (count > longest)
        {
            throw new InvalidDataException($"a chunk of it has more than {longest} bytes");
        }

        await writing.ConfigureAwait(false);
        return await tool.WaitForExitAsync(cancellationToken).ConfigureAwait(false) == 0
            ? output[..count]
            : throw new InvalidDataException($"a chunk of it cannot be unpacked: {Core.Values.PlainText.OneLine((await said.ConfigureAwait(false)).Trim(), 300)}");
    }

    private static async Task WriteAsync(Stream target, ReadOnlyMemory<byte> input, CancellationToken cancellationToken)
    {
        try
        {
            await target.WriteAsync(input, cancellationToken).ConfigureAwait(false);
        }
        catch (IOException)
        {
            // It has ended before it has read all: its exit code says why.
        }
        finally
        {
            target.Close();
        }
    }
}
