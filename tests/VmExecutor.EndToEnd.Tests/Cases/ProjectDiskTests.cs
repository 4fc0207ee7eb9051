using System.Text.Json;
using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Images;
using VmExecutor.RunnerSimulator.Drivers;
using VmExecutor.RunnerSimulator.Jobs;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Cases;

/// <summary>Disks of projects, which keep checkouts and caches from job to job.</summary>
[AlwaysCold("its machine has one more port than that of the tests' template")]
public sealed class ProjectDiskTests(TestMachine machine) : BenchTest(machine)
{
    private const string Disk = "project_disk: {size: 256MiB}";

    [Fact(Timeout = HangLimit)]
    public async Task A_protected_job_leaves_files_for_the_next_job_of_its_project_and_an_unprotected_one_and_another_project_do_not()
    {
        Bench.With(new ImageYaml { User = "root", Further = [Disk] });

        var first = await RunAsync(1, isProtected: true, "echo first >/builds/left; ls /cache", "sleep 1000 </dev/null >/builds/held 2>&1 &");
        var second = await RunAsync(2, isProtected: false, "cat /builds/left", "echo second >/builds/left");
        var third = await RunAsync(3, isProtected: true, "cat /builds/left");
        var other = await Bench.RunJobAsync(new SimulatedJob { Id = 4, Image = "small", ProjectId = 43, ProjectPath = "group/other", IsProtected = true, Script = ["ls /builds/left || echo nothing"] });

        first.Should().Contain("project disk: new and empty, read and write");
        second.Should().MatchRegex(@"project disk: version 1 of \d{4}-\d\d-\d\d \d\d:\d\d, changes do not stay, since the job's branch or tag is not protected").And.Contain("\nfirst\n");
        third.Should().Contain("\nfirst\n").And.NotContain("second");
        other.TraceText.Should().Contain("project disk: new and empty").And.Contain("nothing\n");
        Notes().Should().Equal((0, 1, null), (1, null, "unprotected"), (1, 2, null), (0, 1, null));
        (await Bench.Leftovers.FindAsync()).Should().BeEmpty();
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_guest_whose_user_has_neither_root_nor_sudo_mounts_the_disk_itself_and_unmounts_it_by_shutting_down()
    {
        var hook = await File.ReadAllTextAsync(Path.Combine(BuiltDriver.Checkout(), "executor/guest/project-disk"), TestContext.Current.CancellationToken);
        var initrd = await ChangedGuest.MakeAsync(
            Machine.Guest,
            Bench.MakeDirectory("guest"),
            $"rm /usr/bin/sudo\ncat >/root/project-disk <<'END OF HOOK'\n{hook}\nEND OF HOOK\nsh /root/project-disk --install\n/usr/libexec/vm-executor/project-disk --wait &");
        Bench.With(new ImageYaml { Initrd = initrd, Further = [Disk] });

        var first = await RunAsync(1, isProtected: true, "id -un; sudo -n true || echo no sudo", "echo first >/builds/left; ls /cache", "sleep 1000 </dev/null >/builds/held 2>&1 &");
        var second = await RunAsync(2, isProtected: false, "cat /builds/left", "grep ' /builds ' /proc/mounts");

        first.Should().Contain("\nci\n").And.Contain("no sudo\n").And.Contain("project disk: new and empty, read and write");
        second.Should().Contain("project disk: version 1 of ").And.Contain("\nfirst\n").And.MatchRegex(" /builds ext4 rw,nosuid,nodev");
        Notes().Should().Equal((0, 1, null), (1, null, "unprotected"));
        (await Bench.Leftovers.FindAsync()).Should().BeEmpty();
    }

    private async Task<string> RunAsync(long id, bool isProtected, params string[] script)
    {
        var job = await Bench.RunJobAsync(new SimulatedJob { Id = id, Image = "small", IsProtected = isProtected, Script = script });
        return job.TraceText;
    }

    private IReadOnlyList<(int Version, int? Promoted, string? Refused)> Notes() =>
    [
        .. from line in File.ReadAllLines(Path.Combine(Bench.StateDirectory, "ledger.jsonl"))
           let disk = JsonDocument.Parse(line).RootElement.GetProperty("project_disk")
           select (disk.GetProperty("version").GetInt32(), disk.TryGetProperty("promoted", out var number) ? number.GetInt32() : (int?)null, disk.TryGetProperty("refused", out var word) ? word.GetString() : null),
    ];
}
