using System.Text;

namespace VmExecutor.Host.Tests.Guests;

/// <summary>A stream that tells of the first bytes written to it.</summary>
internal sealed class FirstWrite : MemoryStream
{
    private readonly TaskCompletionSource<string> seen = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<string> Seen => seen.Task;

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        seen.TrySetResult(Encoding.UTF8.GetString(buffer.Span));
        return base.WriteAsync(buffer, cancellationToken);
    }
}
