using System.Globalization;
using System.Xml.Linq;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Clones.Parts;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Linking;

/// <summary>All that is decided about a linked clone for people before anything is made.</summary>
public sealed record LinkPlan
{
    public required VmName Name { get; init; }

    public required Guid Uuid { get; init; }

    /// <summary>The source domain's name.</summary>
    public required string Source { get; init; }

    /// <summary>One for each disk that the guest may write to.</summary>
    public required IReadOnlyList<LinkDisk> Disks { get; init; }

    /// <summary>Null: the source has no file with UEFI variables, or was never started and has none yet.</summary>
    public LinkNvram? Nvram { get; init; }

    /// <summary>True: the definition states the files below the overlays; else libvirt reads them at each start.</summary>
    public bool StatesChains { get; init; } = true;

    /// <summary>Decisions that may surprise the user, a sentence each.</summary>
    public IReadOnlyList<string> Remarks { get; init; } = [];

    /// <summary>Parts that the clone gets though they would be refused, each by its row of the table of parts or its path.</summary>
    public IReadOnlySet<string> AllowParts { get; init; } = new HashSet<string>(StringComparer.Ordinal);

    public required DateTimeOffset Created { get; init; }

    /// <summary>Every file that the clone stands on, each once.</summary>
    public IReadOnlyList<AbsolutePath> Bases => [.. Disks.SelectMany(disk => disk.Base.Files).Select(file => file.Path).Distinct()];

    /// <summary>The files that the source itself would write to.</summary>
    public IReadOnlyList<BackingFile> WrittenBySource => [.. Disks.Select(disk => disk.Base.Top)];

    /// <param name="source">The source's inactive XML.</param>
    /// <param name="name">The clone's.</param>
    /// <param name="uuid">The clone's.</param>
    /// <param name="chains">What each writable disk stands on, by its target.</param>
    /// <param name="placeOf">The directory that the clone's own of a file of the source comes into.</param>
    /// <param name="exists">Whether a file is there.</param>
    /// <param name="now">The time of day.</param>
    public static LinkPlan For(
        XElement source,
        VmName name,
        Guid uuid,
        IReadOnlyDictionary<string, BackingChain> chains,
        Func<AbsolutePath, AbsolutePath> placeOf,
        Func<AbsolutePath, bool> exists,
        DateTimeOffset now) => new()
        {
            Name = name,
            Uuid = uuid,
            Source = (string)source.Element("name")!,
            Disks =
            [
                .. SourceDisk.WritableOf(source, ClonePurpose.Person).Select(disk => new LinkDisk(
                    disk.Target, chains[disk.Target], placeOf(disk.Path).Child($"{name}-{disk.Target}.qcow2"))),
            ],
            Nvram = CloneFirmware.NvramOf(source) is { } nvram && exists(nvram)
                ? new LinkNvram(nvram, placeOf(nvram).Child($"{name}_VARS{Extension(nvram)}"))
                : null,
            Created = now,
        };

    /// <summary>A network card's address; each card has its own index.</summary>
    public MacAddress Mac(int index) => MacAddress.Of(string.Create(CultureInfo.InvariantCulture, $"{Uuid:N}/{index}"));

    private static string Extension(AbsolutePath file) => file.Name.LastIndexOf('.') is > 0 and var dot ? file.Name[dot..] : string.Empty;
}

/// <summary>A disk of the clone.</summary>
/// <param name="Target">Its name in the guest (<c>vda</c>).</param>
/// <param name="Base">The source's disk and what that stands on.</param>
/// <param name="Overlay">The clone's own file.</param>
public sealed record LinkDisk(string Target, BackingChain Base, AbsolutePath Overlay);

/// <summary>UEFI variables, of which the clone has a copy.</summary>
public sealed record LinkNvram(AbsolutePath From, AbsolutePath To);
