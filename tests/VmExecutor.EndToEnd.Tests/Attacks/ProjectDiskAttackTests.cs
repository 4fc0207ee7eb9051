using System.Security.Cryptography;
using System.Text.Json;
using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Images;
using VmExecutor.EndToEnd.Tests.Instruments;
using VmExecutor.RunnerSimulator;
using VmExecutor.RunnerSimulator.Jobs;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Attacks;

/// <summary>
/// Attacks by way of a project's disk: on other projects' disks, on the next version without the right to write, and on the host that looks at a disk. The jobs are root in their guests.
/// </summary>
[AlwaysCold("its machine has one more port than that of the tests' template")]
public sealed class ProjectDiskAttackTests(TestMachine machine) : WarmTest(machine)
{
    private const int Other = 43;
    private const int ByName = 44;
    private const int First = 1721;
    private const int Second = 1722;
    private const string Disk = "disk=$(grep ' /builds ' /proc/mounts | cut -d ' ' -f 1)";

    [Fact(Explicit = true, Timeout = 3_600_000)]
    public async Task Contents_reach_no_other_project_or_scope_and_no_version_without_the_right_to_write()
    {
        Bench.With(new ImageYaml { User = "root", Further = ["project_disk: {size: 64MiB, projects: [{projects: group/p44, scope: job-name}]}"] });
        var scorecard = new Scorecard();
        var (ofOther, ofName) = (Mark(), Mark());

        var planted = await RunAsync(1, $"printf '%s%s' {Halves(ofOther)} >/builds/mark", Other);
        var own = await RunAsync(2, Search(ofOther), Other);
        var foreign = await RunAsync(3, $"{Search(ofOther)}; echo mine >/builds/mine");
        scorecard.Note("disk-other-project", held: foreign.Contains("found: 0\n"), control: own.Contains("found: 1\n"), planted + own + foreign);

        await RunAsync(4, $"printf '%s%s' {Halves(ofName)} >/builds/mark", ByName, name: "build");
        own = await RunAsync(5, Search(ofName), ByName, name: "build");
        foreign = await RunAsync(6, Search(ofName), ByName, name: "test");
        scorecard.Note("disk-other-scope", held: foreign.Contains("found: 0\n"), control: own.Contains("found: 1\n"), own + foreign);

        var unprotected = await RunAsync(7, "cat /builds/mine; echo theirs >/builds/mine; sync", isProtected: false);
        var next = await RunAsync(8, "cat /builds/mine");
        scorecard.Note("disk-unprotected-write", held: next.Contains("\nmine\n"), control: unprotected.Contains("\nmine\n"), unprotected + next);

        var discarded = await RunAsync(9, $"{Disk}; cd /; umount /cache /builds /run/vm-executor/project-disk; blkdiscard $disk; cmp -n 4096 $disk /dev/zero && echo all zeros");
        next = await RunAsync(10, "cat /builds/mine");
        scorecard.Note("disk-discarded", held: next.Contains("\nmine\n"), control: discarded.Contains("\nall zeros\n"), discarded + next);

        scorecard.ShouldBeGreen();
        (await Bench.Leftovers.FindAsync()).Should().BeEmpty();
    }

    [Fact(Explicit = true, Timeout = 3_600_000)]
    public async Task Things_that_a_guest_puts_on_its_disk_lead_nowhere()
    {
        Bench.With(new ImageYaml { User = "root", Further = ["project_disk: {size: 64MiB}"] });
        var scorecard = new Scorecard();

        const string Plant = "cp /usr/bin/id $d/suid; chmod 4755 $d/suid; mknod $d/device b $(stat -c '0x%t 0x%T' /dev/vda)";
        const string Use = "echo \"$d: $(setpriv --reuid 1000 --clear-groups $d/suid -u) $(head -c 1 $d/device >/dev/null 2>&1 && echo device || echo refused)\"";
        var planted = await RunAsync(1, $"mkdir -p /opt; for d in /builds /opt; do {Plant}; done; for d in /builds /opt; do {Use}; done");
        var next = await RunAsync(2, $"d=/builds; {Use}");
        scorecard.Note("disk-setuid", held: next.Contains("/builds: 1000 "), control: planted.Contains("/opt: 0 "), planted + next);
        scorecard.Note("disk-device", held: next.Contains(" refused\n"), control: planted.Contains("/opt: 0 device\n"), planted + next);

        // The first KiB of an ext4 is free, so that a disk can be both: an ext4, and for a tool that looks for formats a qcow2 that stands on a file of the host.
        var directory = Bench.MakeDirectory("probed");
        var (secret, head) = (Path.Combine(directory, "secret"), Path.Combine(directory, "head"));
        var mark = Mark();
        await File.WriteAllTextAsync(secret, string.Concat(Enumerable.Repeat($"{mark}\n", 2000)), TestContext.Current.CancellationToken);
        await HostCommand.OutputAsync("qemu-img", "create", "-q", "-u", "-f", "qcow2", "-F", "raw", "-b", secret, head, "64M");
        var text = Convert.ToBase64String((await File.ReadAllBytesAsync(head, TestContext.Current.CancellationToken))[..1024]);
        var written = await RunAsync(3, $"{Disk}; sync; printf %s {text} | base64 -d | dd of=$disk bs=1024 count=1 conv=notrunc,fsync 2>/dev/null; {Search("QFI")}");
        next = await RunAsync(4, Search(mark));
        var probed = await ProbeAsync(directory);
        scorecard.Note("disk-is-a-qcow2", held: next.Contains("project disk: version 3 of ") && next.Contains("found: 0\n"), control: probed.Contains(secret), written + next + probed);

        var linked = await RunAsync(5, $"{Disk}; mkdir /root/top; mount $disk /root/top; mv /root/top/builds /root/top/before; ln -s /etc /root/top/builds; readlink /root/top/builds; umount /root/top");
        next = await RunAsync(6, "echo \"at builds: $(grep -c ' /builds ' /proc/mounts)\"; ls /builds");
        scorecard.Note("disk-link", held: next.Contains("its directory builds is a link") && next.Contains("at builds: 0\n"), control: linked.Contains("\n/etc\n"), linked + next);

        scorecard.ShouldBeGreen();
        (await Bench.Leftovers.FindAsync()).Should().BeEmpty();
    }

    [Fact(Explicit = true, Timeout = 3_600_000)]
    public async Task The_user_of_a_clone_opens_no_file_of_a_projects_disk_by_its_name()
    {
        Bench.With(new ImageYaml { User = "root", Further = ["project_disk: {size: 64MiB}"] });
        var sessions = new[] { await PrepareAsync(First), await PrepareAsync(Second) };
        var scorecard = new Scorecard();
        var overlay = Path.Combine(JobDirectory(First), "project-disk.qcow2");
        var version = Directory.GetFiles(Path.Combine(Bench.StateDirectory, "disks"), "v*.qcow2", SearchOption.AllDirectories).Should().ContainSingle().Which;

        // Also the clone's own user: its QEMU was handed the files open.
        foreach (var user in new[] { await UserOfAsync(First), await UserOfAsync(Second) })
        {
            await TryAsync("disk-overlay-read", $"head -c 1 '{overlay}'");
            await TryAsync("disk-overlay-written", $": >> '{overlay}'");
            await TryAsync("disk-version-read", $"head -c 1 '{version}'");
            await TryAsync("disk-version-written", $"chmod u+w '{version}'; ( : >> '{version}' ); r=$?; chmod u-w '{version}'; test $r = 0");
            await TryAsync("disk-directory-listed", $"ls '{Path.GetDirectoryName(version)}'");

            async Task TryAsync(string name, string script) => scorecard.Note(name, held: await AsAsync(user, script) != 0, control: await AsAsync("root", script) == 0, $"{user}: {script}");
        }

        scorecard.ShouldBeGreen();
        (await SaysAsync(sessions[0], "grep -c ' /builds ext4' /proc/mounts")).Should().Be("1\n", "QEMU has the files all the same");
        await CleanUpAsync(sessions);
        (await Bench.CommandAsync("gc")).ExitCode.Should().Be(0);
        (await Bench.Leftovers.FindAsync()).Should().BeEmpty();
    }

    /// <summary>Exports the disk, and lets a tool that looks for the format itself say what it is.</summary>
    private async Task<string> ProbeAsync(string directory)
    {
        var folder = Directory.GetDirectories(Path.Combine(Bench.StateDirectory, "disks")).Should().ContainSingle().Which;
        var state = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(folder, "disk.json"), TestContext.Current.CancellationToken)).RootElement;
        var top = Path.Combine(folder, state.GetProperty("version").GetProperty("files").EnumerateArray().Last().GetString()!);
        var raw = Path.Combine(directory, "raw");
        await HostCommand.OutputAsync("qemu-img", "convert", "-f", "qcow2", "-O", "raw", top, raw);
        return await HostCommand.OutputAsync("qemu-img", "info", "-U", raw);
    }

    private static string Mark() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));

    private static string Halves(string mark) => $"{mark[..16]} {mark[16..]}";

    /// <summary>Looks through the raw bytes of all of the guest's disks. Zeros become ends of lines, since grep keeps a whole line in memory. The mark is put together in the guest, so that the text itself does not have it.</summary>
    private static string Search(string mark)
    {
        var half = mark.Length / 2;
        return $"sync; echo 3 >/proc/sys/vm/drop_caches; echo \"found: $(cat /dev/vd* | tr -s '\\0' '\\n' | grep -a -F -m 1 -c \"$(printf '%s%s' {mark[..half]} {mark[half..]})\")\"";
    }

    private async Task<string> RunAsync(int id, string script, int project = 42, string name = "unit", bool isProtected = true)
    {
        var job = await Bench.RunJobAsync(new SimulatedJob { Id = id, Name = name, Image = "small", ProjectId = project, ProjectPath = $"group/p{project}", IsProtected = isProtected, Script = [script] });
        job.State.Should().Be(JobState.Success, job.ToString());
        return job.TraceText;
    }

    private async Task<string> UserOfAsync(int id)
    {
        var pid = (await File.ReadAllTextAsync($"/run/libvirt/qemu/{Domain(id)}.pid", TestContext.Current.CancellationToken)).Trim();
        return (await HostCommand.OutputAsync("ps", "-o", "user:32=", "-p", pid)).Trim();
    }

    private static async Task<int> AsAsync(string user, string script) => (await HostCommand.TryAsync(
        "setpriv", "--reuid", user, "--regid", user, "--init-groups", "sh", "-c", $"{{ {script}; }} > /dev/null 2>&1")).ExitCode;
}
