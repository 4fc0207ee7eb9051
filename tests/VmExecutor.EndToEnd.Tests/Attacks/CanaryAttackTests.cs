using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Images;
using VmExecutor.EndToEnd.Tests.Instruments;
using VmExecutor.RunnerSimulator;
using VmExecutor.RunnerSimulator.Jobs;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Attacks;

/// <summary>
/// Each job leaves marks of its own in its guest's memory, on its disk and in its environment. They are looked for in the memory and on
/// the disk of each later job, and on the host. Each look is
/// also made where the marks were planted, and must find them there.
/// </summary>
[AlwaysWarm]
public sealed class CanaryAttackTests(TestMachine machine) : WarmTest(machine)
{
    private const int FirstId = 165_000;

    private static readonly string[] Kinds = ["canary-memory", "canary-disk", "canary-environment"];

    // Places in which a driver, libvirt or QEMU may leave something. What others put there at the same time is searched as well.
    private static readonly string[] Places = ["/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue", "/run/lock", "/run/libvirt", "/run/vm-executor", "/var/lib/libvirt", "/var/log/libvirt"];

    [Fact(Timeout = HangLimit)]
    public Task Nothing_of_a_job_is_in_the_next_ones_guests_nor_on_the_host() => LookAsync(jobs: 3);

    [Fact(Timeout = 3_600_000, Explicit = true)]
    public Task Nothing_of_a_job_is_in_the_next_two_hundred_guests_nor_on_the_host() => LookAsync(jobs: 200);

    private async Task LookAsync(int jobs)
    {
        Bench.With(new ImageYaml { User = "root", WarmLimit = "120s" });
        var began = DateTime.UtcNow;
        var (found, unseen) = (Kinds.ToDictionary(kind => kind, _ => ""), Kinds.ToDictionary(kind => kind, _ => ""));
        Dictionary<string, List<string>> earlier = Kinds.ToDictionary(kind => kind, _ => new List<string>());
        for (var id = FirstId; id < FirstId + jobs; id++)
        {
            var marks = Kinds.ToDictionary(kind => kind, kind => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)));
            var session = Bench.Open(new SimulatedJob { Id = id, Variables = [new("CANARY", marks["canary-environment"])] });
            await session.ConfigAsync();
            (await session.PrepareAsync()).ShouldSucceed();
            var before = await InGuestAsync(id, session, earlier.Values.SelectMany(list => list));
            foreach (var kind in Kinds)
            {
                found[kind] += string.Concat(earlier[kind].Where(before.Contains));
            }

            await PlantAsync(session, marks);
            var own = await InGuestAsync(id, session, marks.Values);
            foreach (var kind in Kinds)
            {
                unseen[kind] += own.Contains(marks[kind]) ? "" : $"{id} ";
                earlier[kind].Add(marks[kind]);
            }

            if (id == FirstId + jobs - 1)
            {
                var onDisk = await OnWholeDiskAsync(id, earlier.Values.SelectMany(list => list));
                found["canary-disk"] += string.Concat(earlier.Where(list => list.Value.SkipLast(1).Any(onDisk.Contains)).Select(list => list.Key));
                unseen["canary-disk"] += onDisk.Contains(marks["canary-disk"]) ? "" : "on the whole disk";
            }

            await CleanUpAsync(session);
        }

        var all = earlier.Values.SelectMany(list => list).ToList();
        var left = await OnHostAsync(all, began);
        var planted = Path.Combine(Bench.StateDirectory, "planted");
        await File.WriteAllTextAsync(planted, $"before {all[^1]} after", TestContext.Current.CancellationToken);
        var seen = await OnHostAsync(all, began);
        File.Delete(planted);

        var scorecard = new Scorecard();
        foreach (var kind in Kinds)
        {
            scorecard.Note(kind, held: found[kind].Length == 0, control: unseen[kind].Length == 0, $"found: {found[kind]}; not seen where they were planted: {unseen[kind]}");
        }

        scorecard.Note("canary-host", held: left.Count == 0, control: seen.SequenceEqual([planted]), $"left: {string.Join(", ", left)}; seen: {string.Join(", ", seen)}");
        scorecard.ShouldBeGreen();
        (await Bench.Leftovers.FindAsync()).Should().BeEmpty();
    }

    /// <summary>The marks are put together in the guest, so that no text that is sent there has the first two of them.</summary>
    private static async Task PlantAsync(JobSession session, Dictionary<string, string> marks) => await SaysAsync(session, $$"""
        put() { printf '%s%s' "$1" "$2"; }
        put {{Halves(marks["canary-memory"])}} > /run/mark
        mark=$(cat /run/mark) setsid sleep 3600 < /dev/null > /dev/null 2>&1 &
        put {{Halves(marks["canary-disk"])}} > /builds/mark; sync; rm /builds/mark; sync
        """);

    private static string Halves(string mark) => $"{mark[..16]} {mark[16..]}";

    /// <summary>
    /// The marks among these that are in the guest's memory or on its disk. The host reads both: of the disk what the clone has of its
    /// own.
    /// </summary>
    private async Task<HashSet<string>> InGuestAsync(int id, JobSession session, IEnumerable<string> marks)
    {
        var wanted = marks.ToList();
        var found = new HashSet<string>();
        if (wanted.Count == 0)
        {
            return found;
        }

        await SaysAsync(session, "sync");
        using (var overlay = File.OpenRead(Path.Combine(JobDirectory(id), "vda.qcow2")))
        {
            Search(overlay, overlay.Length, wanted, found);
        }

        var process = (await File.ReadAllTextAsync($"/run/libvirt/qemu/{Domain(id)}.pid", TestContext.Current.CancellationToken)).Trim();
        using var memory = File.OpenRead($"/proc/{process}/mem");
        foreach (var line in await File.ReadAllLinesAsync($"/proc/{process}/maps", TestContext.Current.CancellationToken))
        {
            if (line.EndsWith("/ram.img", StringComparison.Ordinal))
            {
                var bounds = line.Split(' ')[0].Split('-').Select(bound => long.Parse(bound, NumberStyles.HexNumber, CultureInfo.InvariantCulture)).ToArray();
                memory.Position = bounds[0];
                Search(memory, bounds[1] - bounds[0], wanted, found);
            }
        }

        return found;
    }

    /// <summary>The marks among these that are anywhere on the disk as the guest has it, with all files below its overlay.</summary>
    private async Task<HashSet<string>> OnWholeDiskAsync(int id, IEnumerable<string> marks)
    {
        var copy = Path.Combine(Bench.MakeDirectory("disk"), "whole.qcow2");
        await HostCommand.OutputAsync("qemu-img", "convert", "-U", "-f", "qcow2", "-O", "qcow2", Path.Combine(JobDirectory(id), "vda.qcow2"), copy);
        var found = new HashSet<string>();
        using (var disk = File.OpenRead(copy))
        {
            Search(disk, disk.Length, [.. marks], found);
        }

        File.Delete(copy);
        return found;
    }

    private static void Search(FileStream stream, long length, IReadOnlyList<string> wanted, HashSet<string> found)
    {
        const int Chunk = 8 << 20;
        const int Overlap = 64;
        var buffer = new byte[Overlap + Chunk];
        var patterns = wanted.Select(mark => (Mark: mark, Bytes: Encoding.ASCII.GetBytes(mark))).ToList();
        var kept = 0;
        while (length > 0 && stream.Read(buffer, kept, (int)Math.Min(Chunk, length)) is > 0 and var read)
        {
            length -= read;
            var filled = kept + read;
            foreach (var (mark, bytes) in patterns)
            {
                if (buffer.AsSpan(0, filled).IndexOf(bytes) >= 0)
                {
                    found.Add(mark);
                }
            }

            kept = Math.Min(Overlap, filled);
            buffer.AsSpan(filled - kept, kept).CopyTo(buffer);
        }
    }

    /// <summary>The files on the host, changed since then, that have one of the marks.</summary>
    private async Task<IReadOnlyList<string>> OnHostAsync(IReadOnlyList<string> marks, DateTime since)
    {
        // Not below a place that is searched: the list itself has all marks.
        var list = Path.Combine("/run", $"vmx-marks-{Bench.Token}");
        await File.WriteAllLinesAsync(list, marks, TestContext.Current.CancellationToken);
        try
        {
            var (_, output, _) = await HostCommand.TryAsync(
                "find",
                [.. Places.Append(Bench.StateDirectory).Where(Directory.Exists), "-xdev", "-type", "f", "-newermt", $"@{new DateTimeOffset(since).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture)}",
                    "-size", "-512M", "-exec", "grep", "-l", "-a", "-F", "-f", list, "{}", "+"]);
            return [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Distinct()];
        }
        finally
        {
            File.Delete(list);
        }
    }
}
