using System.Globalization;
using System.Text;

namespace VmExecutor.Fuzz.Tests.Engine;

/// <summary>Makes inputs out of seeds: by their structure where they have one, and by bytes. The same numbers make the same input.</summary>
internal sealed class Mutation(Reader reader, IReadOnlyList<byte[]> corpus, int seed)
{
    private const int OneInLarge = 128;

    private static readonly string[] Pieces =
    [
        "\0", "\n", "\r\n", "\r", "\t", " ", "\u001b[2J", "\u0007", "\u009b31m", "\u202e", "\u2028", "\ufeff", "\uffff", "\u00e9", "\u0663", "\U0001f600", "'", "\"", "\\", "`id`", "$(id)", "${A}", "%s", "%n",
        "-", "--", "..", "../", "/", "//", "/dev/zero", ":", ";", ",", "=", "&", "*", "?", "!", "#", "@", "|", ">", "<", "[", "]", "{", "}", "(", ")", "~", "null", "true", "-oProxyCommand=id",
    ];

    private static readonly string[] Numbers =
    [
        "0", "-0", "1", "-1", "9", "255", "256", "65535", "65536", "2147483647", "2147483648", "-2147483648", "4294967295", "4294967296", "9223372036854775807", "9223372036854775808",
        "-9223372036854775808", "18446744073709551616", "99999999999999999999", "999999999999999999", "253402300799", "253402300800", "922337203685", "1e400", "1e-400", "1.5", "0x10", "00", "NaN", "10675199.02:48:05.4775808",
        "-10675199.02:48:05.4775808", "9999-12-31T23:59:59.9999999+00:00", "0001-01-01T00:00:00+00:00", "0001-01-01T00:00:00+14:00",
    ];

    private static readonly byte[] Bytes = [0, 1, (byte)'\n', (byte)'\r', 0x1b, (byte)'"', (byte)'\'', (byte)'\\', (byte)'9', (byte)'-', 0x7f, 0x80, 0xc3, 0xed, 0xff];

    /// <summary>The input of this number.</summary>
    public byte[] Make(int number)
    {
        var random = new Random(unchecked((seed * 1_000_003) ^ number));
        var input = corpus[random.Next(corpus.Count)];
        for (var change = random.Next(1, 5); change > 0; change--)
        {
            input = Change(input, random);
        }

        if (random.Next(OneInLarge) == 0)
        {
            input = Repeat(input, random, reader.Longest);
        }

        return input.Length > reader.Longest ? input[..reader.Longest] : input;
    }

    private byte[] Change(byte[] input, Random random) => random.Next(10) switch
    {
        0 or 1 or 2 => Structure.Change(reader.Grammar, input, random, Word),
        3 => Overwrite(input, random),
        4 => Splice(input, At(input, random), 0, Encoding.UTF8.GetBytes(Word(random))),
        5 => Cut(input, random),
        6 => Number(input, random),
        7 => Join(input, corpus[random.Next(corpus.Count)], random),
        8 => Repeat(input, random, 1 << 12),
        _ => Replace(input, random),
    };

    private string Word(Random random) => random.Next(3) switch
    {
        0 when reader.Words.Count > 0 => reader.Words[random.Next(reader.Words.Count)],
        1 => Numbers[random.Next(Numbers.Length)],
        _ => Pieces[random.Next(Pieces.Length)],
    };

    private static byte[] Overwrite(byte[] input, Random random)
    {
        byte[] changed = [.. input];
        for (var times = random.Next(1, 4); times > 0 && changed.Length > 0; times--)
        {
            ref var at = ref changed[random.Next(changed.Length)];
            at = random.Next(3) switch
            {
                0 => (byte)(at ^ (1 << random.Next(8))),
                1 => (byte)random.Next(256),
                _ => Bytes[random.Next(Bytes.Length)],
            };
        }

        return changed;
    }

    private byte[] Replace(byte[] input, Random random)
    {
        var at = At(input, random);
        return Splice(input, at, Math.Min(random.Next(1, 12), input.Length - at), Encoding.UTF8.GetBytes(Word(random)));
    }

    private static byte[] Cut(byte[] input, Random random)
    {
        var at = At(input, random);
        return random.Next(3) == 0 ? input[..at] : Splice(input, at, Math.Min(random.Next(1, 64), input.Length - at), []);
    }

    /// <summary>Another number in place of one.</summary>
    private static byte[] Number(byte[] input, Random random)
    {
        var from = At(input, random);
        var begin = Array.FindIndex(input, from, IsDigit);
        if (begin < 0)
        {
            return Splice(input, from, 0, Encoding.ASCII.GetBytes(Numbers[random.Next(Numbers.Length)]));
        }

        var end = Array.FindIndex(input, begin, one => !IsDigit(one));
        var other = random.Next(4) == 0 ? random.NextInt64().ToString(CultureInfo.InvariantCulture) : Numbers[random.Next(Numbers.Length)];
        return Splice(input, begin, (end < 0 ? input.Length : end) - begin, Encoding.ASCII.GetBytes(other));
    }

    private static bool IsDigit(byte one) => char.IsAsciiDigit((char)one);

    private static byte[] Join(byte[] input, byte[] other, Random random) => [.. input[..At(input, random)], .. other[At(other, random)..]];

    /// <summary>A piece of the input, or of the reader's words, again and again.</summary>
    private byte[] Repeat(byte[] input, Random random, int longest)
    {
        var at = At(input, random);
        var piece = random.Next(2) == 0 || at == input.Length ? Encoding.UTF8.GetBytes(Word(random)) : input[at..Math.Min(input.Length, at + random.Next(1, random.Next(2) == 0 ? 4 : 64))];
        var room = longest - input.Length;
        if (piece.Length == 0 || room < piece.Length)
        {
            return input;
        }

        var times = Math.Max(1, (int)(room / piece.Length / Math.Pow(2, random.Next(8))));
        var many = new byte[times * piece.Length];
        for (var done = 0; done < times; done++)
        {
            piece.CopyTo(many, done * piece.Length);
        }

        return Splice(input, at, 0, many);
    }

    private static int At(byte[] input, Random random) => random.Next(input.Length + 1);

    private static byte[] Splice(byte[] input, int at, int length, byte[] piece) => [.. input.AsSpan(0, at), .. piece, .. input.AsSpan(at + length)];
}
