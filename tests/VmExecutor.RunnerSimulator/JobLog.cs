using System.Buffers;
using System.Text;

namespace VmExecutor.RunnerSimulator;

/// <summary>Bytes in the order they arrived; a test can wait until a text is among them.</summary>
public sealed class JobLog
{
    private readonly Lock _lock = new();
    private readonly ArrayBufferWriter<byte> _content = new();
    private readonly List<(byte[] Text, TaskCompletionSource Seen)> _waiting = [];

    public byte[] Bytes
    {
        get
        {
            lock (_lock)
            {
                return _content.WrittenSpan.ToArray();
            }
        }
    }

    public override string ToString() => Encoding.UTF8.GetString(Bytes);

    /// <summary>Ends when <paramref name="text"/> has arrived, at any place since the job's start.</summary>
    public Task ContainsAsync(string text)
    {
        var wanted = Encoding.UTF8.GetBytes(text);
        lock (_lock)
        {
            if (_content.WrittenSpan.IndexOf(wanted) >= 0)
            {
                return Task.CompletedTask;
            }

            var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Add((wanted, seen));
            return seen.Task;
        }
    }

    internal void Append(ReadOnlySpan<byte> bytes)
    {
        lock (_lock)
        {
            var before = _content.WrittenCount;
            _content.Write(bytes);
            _waiting.RemoveAll(waiter => Notify(waiter.Text, waiter.Seen, before));
        }
    }

    internal void AppendLine(string line) => Append(Encoding.UTF8.GetBytes(line + "\n"));

    private bool Notify(byte[] text, TaskCompletionSource seen, int before) =>
        _content.WrittenSpan[Math.Max(0, before - text.Length)..].IndexOf(text) >= 0 && seen.TrySetResult();
}
