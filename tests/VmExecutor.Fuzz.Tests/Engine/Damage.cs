namespace VmExecutor.Fuzz.Tests.Engine;

/// <summary>Damages a record at every byte, as a power failure or a failing disk does.</summary>
internal static class Damage
{
    private static readonly byte[] Values = [0, 0xff, (byte)'"', (byte)'9', (byte)'-', (byte)'\n', (byte)'}', (byte)','];

    /// <summary>Each byte in turn: the record ends before it, lacks it, has it twice, or has another one in its place.</summary>
    /// <param name="record">The whole record.</param>
    /// <param name="thorough">True: each byte gets every value; else one of a few.</param>
    public static IEnumerable<byte[]> Of(byte[] record, bool thorough)
    {
        for (var at = 0; at < record.Length; at++)
        {
            yield return record[..at];
            if (thorough)
            {
                yield return [.. record[..at], .. record[(at + 1)..]];
                yield return [.. record[..(at + 1)], .. record[at..]];
            }

            foreach (var value in thorough ? Enumerable.Range(0, 256).Select(value => (byte)value) : [Values[at % Values.Length]])
            {
                byte[] changed = [.. record];
                changed[at] = value;
                yield return changed;
            }
        }
    }
}
