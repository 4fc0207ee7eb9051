using System.Globalization;

namespace VmExecutor.Core.Benchmarks;

/// <summary>One mapping of a process, as <c>/proc/PID/smaps</c> has it (proc(5)); sizes in bytes.</summary>
/// <param name="Path">The mapped file, or <c>[heap]</c>; empty: anonymous memory.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="Own">
/// Pages that the process has to itself: in a private mapping of a file those that it has written and so copied. Not <c>Private_Dirty</c>: that
/// also counts pages of the file itself, as long as they are not on the disk yet and no other process has them mapped.
/// </param>
/// <param name="Resident">All its pages that are in memory or swapped out, shared ones too.</param>
public sealed record MemoryMap(string Path, long Bytes, long Own, long Resident = 0)
{
    private const long Kibibyte = 1024;

    /// <summary>All mappings of an <c>smaps</c>; what is no such text gives none.</summary>
    public static IReadOnlyList<MemoryMap> Parse(IEnumerable<string> smaps)
    {
        var maps = new List<MemoryMap>();
        foreach (var line in smaps)
        {
            if (PathOf(line) is { } path)
            {
                maps.Add(new MemoryMap(path, 0, 0));
            }
            else if (maps.Count > 0)
            {
                var map = maps[^1];
                maps[^1] = Field(line) switch
                {
                    ("Size", var bytes) => map with { Bytes = bytes },
                    ("Rss", var bytes) => map with { Resident = map.Resident + bytes },
                    ("Swap", var bytes) => map with { Own = map.Own + bytes, Resident = map.Resident + bytes },
                    ("Anonymous", var bytes) => map with { Own = map.Own + bytes },
                    _ => map,
                };
            }
        }

        return maps;
    }

    /// <summary>
    /// The memory of the process, shared pages divided among those who share them: the <c>Pss</c> of an <c>smaps_rollup</c>; null: it has
    /// none.
    /// </summary>
    public static long? Pss(IEnumerable<string> rollup) =>
        rollup.Select(Field).Where(field => field.Name == "Pss").Select(field => (long?)field.Bytes).FirstOrDefault();

    /// <summary>The guest's memory that no other process has.</summary>
    /// <param name="maps">Those of its QEMU.</param>
    /// <param name="ram">The template's memory file that it maps; null: it has anonymous memory.</param>
    /// <param name="guestBytes">The guest's memory, by whose size anonymous memory is recognized.</param>
    /// <returns>Null: there is no such mapping, or more than one that could be it.</returns>
    public static long? OwnGuestMemory(IEnumerable<MemoryMap> maps, string? ram, long guestBytes) => OfGuest(maps, ram, guestBytes)?.Sum(map => map.Own);

    /// <summary>The guest's memory that it has touched and not given back.</summary>
    /// <inheritdoc cref="OwnGuestMemory" path="/param|/returns"/>
    public static long? TouchedGuestMemory(IEnumerable<MemoryMap> maps, string? ram, long guestBytes) => OfGuest(maps, ram, guestBytes)?.Sum(map => map.Resident);

    private static List<MemoryMap>? OfGuest(IEnumerable<MemoryMap> maps, string? ram, long guestBytes)
    {
        var guest = maps.Where(map => ram is null ? map.Path.Length == 0 && map.Bytes == guestBytes : map.Path == ram).ToList();
        return ram is null && guest.Count != 1 || guest.Count == 0 ? null : guest;
    }

    /// <summary>Of a line such as <c>7f2a8e000000-7f2a9e000000 rw-p 00000000 fe:00 860166    /path with blanks</c>; null: it is another.</summary>
    private static string? PathOf(string line)
    {
        var fields = line.Split(' ', 6, StringSplitOptions.RemoveEmptyEntries);
        return fields.Length >= 5 && fields[0].Contains('-', StringComparison.Ordinal) && fields[1].Length == 4
            ? fields.Length == 6 ? fields[5].Trim() : ""
            : null;
    }

    private static (string Name, long Bytes) Field(string line)
    {
        var fields = line.Split([' ', ':'], StringSplitOptions.RemoveEmptyEntries);
        return fields is [var name, var number, "kB"] && long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var kibibytes)
            ? (name, kibibytes * Kibibyte)
            : ("", 0);
    }
}
