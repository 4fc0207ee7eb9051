using System.Globalization;
using System.Text;
using System.Text.Unicode;
using VmExecutor.Core.Values;

namespace VmExecutor.Host.Files;

/// <summary>A path as the kernel has it: bytes with a 0 at their end. They need be no text, and may have line breaks in them, which an <see cref="AbsolutePath"/> has not.</summary>
internal sealed class RawPath
{
    private readonly byte[] _bytes;

    private RawPath(byte[] bytes) => _bytes = bytes;

    /// <summary>For the C library.</summary>
    public byte[] Terminated => _bytes;

    public static RawPath Of(string path) => new([.. Encoding.UTF8.GetBytes(path), 0]);

    /// <summary>A name in this directory.</summary>
    /// <param name="name">With a 0 at its end.</param>
    public RawPath Child(byte[] name) => new(_bytes is [.., (byte)'/', 0] ? [.. _bytes[..^1], .. name] : [.. _bytes[..^1], (byte)'/', .. name]);

    /// <summary>The path for people, in one line.</summary>
    public override string ToString() => TextOf(_bytes.AsSpan(..^1));

    /// <summary>A name as the driver can use it; null: it is no UTF-8, so that .NET could not name the file, or has a line break in it.</summary>
    public static string? NameOf(ReadOnlySpan<byte> name) => Utf8.IsValid(name) && name.IndexOfAny((byte)'\n', (byte)'\r') < 0 ? Encoding.UTF8.GetString(name) : null;

    /// <summary>A name for people, in one line: control characters, and bytes that are no UTF-8, as <c>\x0a</c>.</summary>
    public static string TextOf(ReadOnlySpan<byte> name)
    {
        var text = new StringBuilder();
        while (!name.IsEmpty)
        {
            var isText = Rune.DecodeFromUtf8(name, out var rune, out var length) == System.Buffers.OperationStatus.Done && !Rune.IsControl(rune);
            text.Append(isText ? rune.ToString() : string.Concat(name[..length].ToArray().Select(value => string.Create(CultureInfo.InvariantCulture, $"\\x{value:x2}"))));
            name = name[length..];
        }

        return text.ToString();
    }
}
