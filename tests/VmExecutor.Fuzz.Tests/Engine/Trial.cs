using System.Diagnostics;
using System.Globalization;
using System.IO.MemoryMappedFiles;
using Xunit;

namespace VmExecutor.Fuzz.Tests.Engine;

/// <summary>Tries inputs on one reader until one shows a fault, on a thread with the stack of a pool's.</summary>
internal sealed class Trial(Reader reader, int seed)
{
    // The default of threads on Linux with glibc's 8 MiB is more; a pool's thread of .NET has 1.5 MiB.
    private const int Stack = 1536 << 10;

    private static readonly TimeSpan HangLimit = TimeSpan.FromMinutes(5);

    // An input of a megabyte could be made smaller in a million steps.
    private static readonly TimeSpan SmallerTakes = TimeSpan.FromSeconds(30);
    private volatile int _tried;

    /// <summary>The seed of this run: <c>VM_EXECUTOR_TEST_SEED</c>, else one that is the same in every run; a thorough run draws one.</summary>
    public static int Seed(bool thorough) =>
        int.TryParse(Environment.GetEnvironmentVariable("VM_EXECUTOR_TEST_SEED"), NumberStyles.None, CultureInfo.InvariantCulture, out var given) ? given
        : thorough ? Random.Shared.Next()
        : 20_261_127;

    /// <summary>Every input is taken or refused; else the test fails with the input in a file.</summary>
    public void Run(IEnumerable<byte[]> inputs)
    {
        (byte[] Input, string Fault)? found = null;
        using var current = new CurrentInput(reader);
        Exception? unmade = null;
        var thread = new Thread(
            () =>
            {
                try
                {
                    found = Find(inputs, current);
                }
#pragma warning disable CA1031 // Without it the thread ends without a word, and with it the process or nothing at all.
                catch (Exception failure)
#pragma warning restore CA1031
                {
                    unmade = failure;
                }
            },
            Stack)
        { IsBackground = true };
        thread.Start();
        for (var seen = -1; !thread.Join(HangLimit); seen = _tried)
        {
            if (seen == _tried)
            {
                Assert.Fail($"{reader}: an input has not been read for {HangLimit.TotalMinutes} minutes; it is in {current.Keep()} (seed {seed}, input {seen})");
            }
        }

        Assert.True(unmade is null, $"{reader}: input {_tried} of seed {seed} could not be made: {unmade}");
        if (found is ({ } input, { } fault))
        {
            Assert.Fail($"{reader}: {fault}\nThe input is in {Save(input)} (seed {seed}, input {_tried}). A file of this name in Corpus/{reader} is tried in every run.");
        }
    }

    private (byte[] Input, string Fault)? Find(IEnumerable<byte[]> inputs, CurrentInput current)
    {
        foreach (var input in inputs)
        {
            current.Set(input);
            if (Judge.FaultOf(reader, input) is { } fault)
            {
                return Smaller(input, fault);
            }

            _tried++;
        }

        return null;
    }

    /// <summary>A part of the input that shows a fault of the same kind. One that is slow or large is not made smaller.</summary>
    private (byte[] Input, string Fault) Smaller(byte[] input, string fault)
    {
        if (!fault.Contains("Exception", StringComparison.Ordinal))
        {
            return (input, fault);
        }

        var began = Stopwatch.GetTimestamp();
        for (var length = input.Length / 2; length > 0; length /= 2)
        {
            for (var at = 0; at + length <= input.Length && Stopwatch.GetElapsedTime(began) < SmallerTakes;)
            {
                byte[] shorter = [.. input.AsSpan(0, at), .. input.AsSpan(at + length)];
                if (Judge.FaultOf(reader, shorter) is { } same && same.Split('\n')[0][..Math.Min(60, same.Split('\n')[0].Length)] == fault.Split('\n')[0][..Math.Min(60, fault.Split('\n')[0].Length)])
                {
                    (input, fault) = (shorter, same);
                }
                else
                {
                    at += length;
                }
            }
        }

        return (input, fault);
    }

    private string Save(byte[] input)
    {
        var directory = Environment.GetEnvironmentVariable("TEST_RESULTS_DIR") is { Length: > 0 } given ? given : Path.Combine(Path.GetTempPath(), "vm-executor-fuzz");
        Directory.CreateDirectory(directory);
        var path = Path.Combine(directory, $"{reader}-{Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(input))[..8]}");
        File.WriteAllBytes(path, input);
        return path;
    }

    /// <summary>The input that is being read, in a file that outlives the process: a stack that overflows ends it without a word.</summary>
    private sealed class CurrentInput : IDisposable
    {
        private readonly string _path;
        private readonly MemoryMappedFile _file;
        private readonly MemoryMappedViewAccessor _view;
        private bool _keeps;

        public CurrentInput(Reader reader)
        {
            _path = Path.Combine(Path.GetTempPath(), $"vm-executor-fuzz-{reader}-{Environment.ProcessId}.input");
            _file = MemoryMappedFile.CreateFromFile(_path, FileMode.Create, null, reader.Longest + sizeof(int));
            _view = _file.CreateViewAccessor();
        }

        /// <summary>The length in four bytes, then the input.</summary>
        public void Set(byte[] input)
        {
            _view.Write(0, input.Length);
            _view.WriteArray(sizeof(int), input, 0, Math.Min(input.Length, (int)_view.Capacity - sizeof(int)));
        }

        public string Keep()
        {
            _keeps = true;
            return _path;
        }

        public void Dispose()
        {
            _view.Dispose();
            _file.Dispose();
            if (!_keeps)
            {
                File.Delete(_path);
            }
        }
    }
}
