using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace VmExecutor.RunnerSimulator.Processes;

/// <summary>
/// One pipe from a stage to the runner. <see cref="Closed"/> ends when no process anywhere holds the writing end, as the
/// runner's own wait does, or when the runner gives the stage up.
/// </summary>
internal sealed class OutputPipe : IDisposable
{
    private readonly SafeFileHandle _reader;
    private readonly SafeFileHandle _wakeReader;
    private readonly SafeFileHandle _wakeWriter;
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public OutputPipe()
    {
        (_reader, Writer) = Open();
        (_wakeReader, _wakeWriter) = Open();
    }

    /// <summary>The child's end; ours is closed by <see cref="Listen"/> once the child has its copy.</summary>
    public SafeFileHandle Writer { get; }

    public Task Closed => _closed.Task;

    public void Listen(string name, Action<ReadOnlyMemory<byte>> received)
    {
        Writer.Dispose();
        new Thread(() => Read(received)) { IsBackground = true, Name = name }.Start();
    }

    /// <summary>Stops reading and closes our end: a stage that still writes gets SIGPIPE, as it does when the runner is gone.</summary>
    public void Abandon()
    {
        if (!_closed.Task.IsCompleted)
        {
            _wakeWriter.Dispose();
        }
    }

    public void Dispose()
    {
        Writer.Dispose();
        _wakeWriter.Dispose();
        _wakeReader.Dispose();
        _reader.Dispose();
    }

    private static (SafeFileHandle Reader, SafeFileHandle Writer) Open()
    {
        Span<int> ends = stackalloc int[2];
        Posix.Require(Posix.Pipe(ends, Posix.CloseOnExec) == 0 ? 0 : Marshal.GetLastPInvokeError(), "pipe2");
        return (new SafeFileHandle(ends[0], ownsHandle: true), new SafeFileHandle(ends[1], ownsHandle: true));
    }

    private void Read(Action<ReadOnlyMemory<byte>> received)
    {
        try
        {
            using var stream = new FileStream(_reader, FileAccess.Read, bufferSize: 0);
            var buffer = new byte[64 * 1024];
            while (HasData())
            {
                var count = stream.Read(buffer);
                if (count == 0)
                {
                    break;
                }

                received(buffer.AsMemory(0, count));
            }

            _closed.TrySetResult();
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            _closed.TrySetException(exception);
        }
    }

    /// <summary>Waits for data or the end of the pipe (true), or for the runner's giving up (false).</summary>
    private bool HasData()
    {
        Span<Posix.PollDescriptor> descriptors =
        [
            new() { Descriptor = (int)_reader.DangerousGetHandle(), Events = Posix.PollIn },
            new() { Descriptor = (int)_wakeReader.DangerousGetHandle(), Events = Posix.PollIn },
        ];
        while (Posix.Poll(descriptors, 2, -1) < 0)
        {
            var error = Marshal.GetLastPInvokeError();
            Posix.Require(error == Posix.Interrupted ? 0 : error, "poll");
        }

        return descriptors[1].Returned == 0;
    }
}
