using System.Buffers;
using System.Text;

namespace VmExecutor.Core.Guests;

/// <summary>
/// Lets a script's error messages begin with its name: <c>step_script: line 12: foo: command not found</c>. A shell begins them with the path
/// it was given. Every way to give it another path was tried with bash, dash, busybox, mksh, ksh93 and zsh, and each changes the script.
/// <c>.</c> and <c>eval</c> from <c>-c</c> add words of their own and change <c>$0</c>; stdin is not free; <c>exec -a</c> and
/// <c>BASH_ARGV0</c> do not reach bash's messages; a relative name needs another working directory. So the path is exchanged in the
/// output on the host.
/// <para>
/// Nothing else can be meant by it: the path holds 128 random bits, and is exchanged only before <c>:</c> or <c>[</c>, as messages have it.
/// A script that prints <c>$0</c> sees its path unchanged.
/// </para>
/// </summary>
public sealed class ScriptNameScanner
{
    private readonly byte[] _path;
    private readonly byte[] _name;

    /// <summary>For each beginning of the path, by its length less one: the length of the longest shorter beginning that it ends with.</summary>
    private readonly int[] _shorter;
    private int _matched;

    /// <param name="path">As the shell was given it; not empty.</param>
    /// <param name="name">Comes in its place.</param>
    public ScriptNameScanner(ReadOnlySpan<byte> path, string name)
    {
        _path = path.IsEmpty ? throw new ArgumentException("a script's path is not empty", nameof(path)) : path.ToArray();
        _name = Encoding.UTF8.GetBytes(name);
        _shorter = Shorter(_path);
    }

    /// <summary>The last bytes may be the beginning of the path.</summary>
    public bool IsHolding => _matched > 0;

    /// <summary>Takes the next bytes and writes to <paramref name="output"/> all but what may be the beginning of the path.</summary>
    public void Feed(ReadOnlySpan<byte> input, IBufferWriter<byte> output)
    {
        while (!input.IsEmpty)
        {
            if (_matched == 0)
            {
                var start = Start(input);
                output.Write(input[..start]);
                _matched = Math.Min(_path.Length, input.Length - start);
                input = input[(start + _matched)..];
            }
            else if (_matched == _path.Length && input[0] is (byte)':' or (byte)'[')
            {
                output.Write(_name);
                _matched = 0;
            }
            else if (_matched < _path.Length && input[0] == _path[_matched])
            {
                _matched++;
                input = input[1..];
            }
            else
            {
                var kept = _shorter[_matched - 1];
                output.Write(_path.AsSpan(0, _matched - kept));
                _matched = kept;
            }
        }
    }

    /// <summary>Writes what is held: nothing more comes, or it does not come soon.</summary>
    public void Release(IBufferWriter<byte> output)
    {
        output.Write(_path.AsSpan(0, _matched));
        _matched = 0;
    }

    /// <summary>The place where the path, or a beginning of it at the input's end, begins; the input's length: nowhere.</summary>
    private int Start(ReadOnlySpan<byte> input)
    {
        var start = input.IndexOf(_path);
        if (start >= 0)
        {
            return start;
        }

        start = Math.Max(0, input.Length - _path.Length + 1);
        while (start < input.Length && !_path.AsSpan().StartsWith(input[start..]))
        {
            var next = input[(start + 1)..].IndexOf(_path[0]);
            start = next < 0 ? input.Length : start + 1 + next;
        }

        return start;
    }

    private static int[] Shorter(byte[] path)
    {
        var shorter = new int[path.Length];
        for (int at = 1, length = 0; at < path.Length; at++)
        {
            while (length > 0 && path[at] != path[length])
            {
                length = shorter[length - 1];
            }

            length += path[at] == path[length] ? 1 : 0;
            shorter[at] = length;
        }

        return shorter;
    }
}
